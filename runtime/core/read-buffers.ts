// Buffers for what is read of files, used again: fresh memory for every read costs more than the read. Who takes one
// and keeps it, keeps it.

/** Smaller ones are cut from a common block, which is as cheap. */
const LEAST_BYTES = 8192;
/** Most bytes that lie ready, of one thread. */
const MOST_BYTES = 4 << 20;

const lent = new WeakMap<ArrayBufferLike, Uint8Array>();
let ready: Uint8Array[] = [];
let readyBytes = 0;

/** So many bytes of anything. */
export const lendBuffer = (bytes: number): Uint8Array => {
  if (bytes < LEAST_BYTES) return Buffer.allocUnsafe(bytes);
  // Whoever reads in blocks asks for the same size each time.
  const last = ready.at(-1);
  if (last?.length === bytes) {
    ready.pop();
    readyBytes -= bytes;
    return last;
  }
  const fresh = Buffer.allocUnsafeSlow(bytes);
  lent.set(fresh.buffer, fresh);
  return fresh;
};

/** Nobody looks any more at these bytes: where they lie in a buffer that was lent, that may be lent again. */
export const giveBack = (bytes: Uint8Array): void => {
  const buffer = lent.get(bytes.buffer);
  if (buffer === undefined) return;
  if (readyBytes + buffer.length > MOST_BYTES || ready.at(-1)?.length !== buffer.length) {
    ready = [];
    readyBytes = 0;
  }
  ready.push(buffer);
  readyBytes += buffer.length;
};
