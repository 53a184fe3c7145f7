// The first line of a log's file that follows another one: at which byte of the whole log it goes on.

const SHAPE = /^# goes on at byte (\d{16})\n$/;

/** `first`: in bytes. */
export const continuation = (first: number): string =>
  `# goes on at byte ${String(first).padStart(16, "0")}\n`;

export const CONTINUATION_BYTES = continuation(0).length;

/** What such a line says; null where it is none. */
export const continuedAt = (line: string): number | null => {
  const [, digits] = SHAPE.exec(line) ?? [];
  const first = Number(digits);
  return digits === undefined || !Number.isSafeInteger(first) ? null : first;
};
