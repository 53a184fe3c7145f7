// Quantities for people: bytes and times, rounded.

/** `22.1 kB`, `1.4 MB`: powers of 1000. */
export const bytesText = (bytes: number): string => {
  const [unit, factor] =
    (
      [
        ["GB", 1e9],
        ["MB", 1e6],
        ["kB", 1e3],
      ] as const
    ).find(([, size]) => bytes >= size) ?? [];
  return factor === undefined ? `${bytes} bytes` : `${(bytes / factor).toFixed(1)} ${unit}`;
};

/** `0.4 ms`, `12 ms`, `1.2 s`. */
export const msText = (ms: number): string =>
  ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** `1 step`, `2 steps`; `plural` where it is not formed by an s. */
export const countText = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;

const AGES: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
];

/** `3 min ago`; `now` for less than a second. */
export const agoText = (ms: number): string => {
  const [unit, length] = AGES.find(([, each]) => ms >= each) ?? [];
  return length === undefined ? "now" : `${Math.floor(ms / length)} ${unit} ago`;
};
