// Decides for each piece of memory whether deflating it gets it there sooner, by its first KiB, what deflating took lately
// and how fast the link takes up bytes.
import { deflateRawSync } from "node:zlib";
import { chunkBytes, MOST_CHUNKS } from "./message.ts";

/** Bytes that are deflated to see whether the rest is worth it. */
const PROBE_BYTES = 1024;
/** After so many pieces in a row that were not worth deflating, as many go without a probe. */
const MOST_FUTILE = 4;
/** Bytes a ms, until the link has shown more or less. */
const FIRST_RATE = 100_000;
/** Ms that deflating a whole chunk costs, until it was seen. */
const FIRST_COST = 0.4;

export class Packer {
  /** Bytes that the link takes up in a ms; and ms that deflating a byte costs. */
  #rate = FIRST_RATE;
  #cost = FIRST_COST / chunkBytes;
  /** Pieces in a row that were not worth it; and how many more are taken for such without a look. */
  #futile = 0;
  #unseen = 0;

  /** So many bytes took so long. */
  measured(bytes: number, ms: number): void {
    if (bytes < chunkBytes * MOST_CHUNKS || ms <= 0) return;
    this.#rate = (this.#rate + bytes / ms) / 2;
  }

  /** The piece, or the same deflated to fewer bytes. */
  pack(piece: Uint8Array): Uint8Array {
    const { length } = piece;
    if (1 / this.#rate < this.#cost) return piece;
    if (this.#unseen > 0) {
      this.#unseen -= 1;
      return piece;
    }
    const probe = deflateRawSync(piece.subarray(0, PROBE_BYTES), { level: 1 });
    const saved = Math.max(0, PROBE_BYTES - probe.length) / PROBE_BYTES / this.#rate;
    if (saved < this.#cost) {
      this.#futile += 1;
      if (this.#futile > MOST_FUTILE) this.#unseen = MOST_FUTILE;
      return piece;
    }
    this.#futile = 0;
    const began = performance.now();
    const packed = deflateRawSync(piece, { level: 1 });
    this.#cost = this.#cost * 0.9 + ((performance.now() - began) / length) * 0.1;
    return packed.length < length ? packed : piece;
  }
}
