// Copies a memory into a fresh one without touching what is zero in both: pages that nobody wrote to cost nothing,
// and of a small component's memory most are such.

/** Bytes of an operating system's page. */
const PAGE = 4096;

const NOTHING = Buffer.alloc(PAGE);

/** `into`, as long as `from`, is zero outside of `written`, in bytes. */
export const sparseCopy = (
  from: Uint8Array,
  into: Uint8Array,
  written: { readonly from: number; readonly to: number },
): void => {
  const source = Buffer.from(from.buffer, from.byteOffset, from.length);
  const leftOut = (at: number, end: number): boolean =>
    (end <= written.from || at >= written.to) && source.compare(NOTHING, 0, end - at, at, end) === 0;
  let run = 0;
  for (let at = 0; at < from.length; at += PAGE) {
    const end = Math.min(at + PAGE, from.length);
    if (!leftOut(at, end)) continue;
    if (run < at) into.set(from.subarray(run, at), run);
    run = end;
  }
  into.set(from.subarray(run), run);
};
