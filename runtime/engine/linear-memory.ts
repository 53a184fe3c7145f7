// The linear memory of a machine, and views of it. It grows and never shrinks; growing detaches the views, so whoever
// let the engine run brings them up to date by `sync` before using one.
import type { OutboxViews } from "./outbox.ts";
import { PAGE_BYTES } from "./wasm-module.ts";

export class LinearMemory {
  readonly wasm: WebAssembly.Memory;
  /** Bytes that it may grow to. */
  readonly maximum: number;
  bytes!: Uint8Array;
  buffer!: Buffer;
  words!: Int32Array;
  values!: BigUint64Array;
  /** Those by which an outbox is read. */
  views!: OutboxViews;
  /** How often it may have changed: something ran in it, or somebody had a look at it who may write. Whoever lets that
   *  happen counts it. */
  changes = 0;

  /** Both in pages. */
  constructor(initial: number, maximum: number) {
    this.maximum = maximum * PAGE_BYTES;
    this.wasm = new WebAssembly.Memory({ initial, maximum });
    this.#view();
  }

  /** Memory that grew has detached its old views, which are empty then. Asking the memory itself is slow. */
  sync(): void {
    if (this.bytes.length === 0) this.#view();
  }

  /** Makes it at least as large as `bytes`, a whole number of pages. False where its maximum is too low for that. */
  reach(bytes: number): boolean {
    this.sync();
    if (bytes > this.bytes.length) {
      try {
        this.wasm.grow((bytes - this.bytes.length) / PAGE_BYTES);
      } catch {
        return false;
      }
    }
    this.#view();
    return true;
  }

  #view(): void {
    const { buffer } = this.wasm;
    this.bytes = new Uint8Array(buffer);
    this.buffer = Buffer.from(buffer);
    this.words = new Int32Array(buffer);
    this.values = new BigUint64Array(buffer);
    this.views = { words: this.words, floats: new Float64Array(buffer), bytes: this.bytes };
  }
}
