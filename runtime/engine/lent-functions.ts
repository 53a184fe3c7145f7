// The functions that the host lends to the guest's library: what it leaves beside its calls, and what the engine itself
// does not have or does slowly.
import { isUtf8 } from "node:buffer";
import { NO_ANCHORS, type Anchors } from "./anchors.ts";
import type { GuestValues } from "./guest-values.ts";
import type { LinearMemory } from "./linear-memory.ts";
import type { MachinePowers } from "./machine-powers.ts";
import type { TurnCalls } from "./turn-calls.ts";
import { urlParts } from "./url.ts";
import type { EngineExports } from "./wasm-module.ts";

/** Their names, each behind the letter that it is known by where that is not its first. */
export const LENT = ["attach", "flush", "decode", "encode", "url", "r:entropy"] as const;

/** Whose functions they are. */
export interface Lender extends Required<Pick<MachinePowers, "entropy" | "called">> {
  /** The turn has done too much, and is to be over at its next poll. */
  spend(): void;
}

export class LentFunctions {
  readonly #exports: EngineExports;
  readonly #memory: LinearMemory;
  readonly #values: GuestValues;
  readonly #calls: TurnCalls;
  readonly #lender: Lender;
  #anchors = NO_ANCHORS;

  constructor(
    exports: EngineExports,
    memory: LinearMemory,
    values: GuestValues,
    calls: TurnCalls,
    lender: Lender,
  ) {
    this.#exports = exports;
    this.#memory = memory;
    this.#values = values;
    this.#calls = calls;
    this.#lender = lender;
  }

  /** The memory is another guest's from now on. */
  adopt(anchors: Anchors): void {
    this.#anchors = anchors;
  }

  /** One is called: by the address of its letter, with `count` arguments, to whose boxes the pointers lie at `argv`. */
  call(name: number, count: number, argv: number): number {
    this.#memory.sync();
    const { words, bytes } = this.#memory;
    const box = words[argv >> 2]!;
    switch (String.fromCharCode(bytes[name]!)) {
      case "a":
        this.#attach(box, count > 1 ? words[words[(argv >> 2) + 1]! >> 2]! : -1);
        return this.#nothing();
      case "f":
        if (!this.#calls.flush()) this.#lender.spend();
        return this.#nothing();
      case "d":
        return this.#decode(box);
      case "e":
        return this.#encode(box);
      case "u":
        return this.#values.string(urlParts(this.#values.text(box)));
      case "r":
        return this.#entropy(box);
      default:
        return this.#nothing();
    }
  }

  #nothing(): number {
    return this.#exports.qjs_dup_value(this.#anchors.undefined);
  }

  /** What an export, or `bytesAt`, has left at the length anchor. */
  get #length(): number {
    return this.#memory.words[this.#anchors.length >> 2]!;
  }

  /** Leaves a string or bytes beside the record that follows, which is a call of this text on `selector`, or -1. */
  #attach(box: number, selector: number): void {
    if (this.#values.isText(box)) {
      // No text is made of what will not be taken.
      const text = this.#calls.flooded ? null : this.#values.text(box);
      if (text === null || !this.#calls.attachText(text)) return this.#lender.spend();
      if (selector >= 0) this.#lender.called(selector, text);
    } else {
      const at = this.#values.bytesAt(box);
      if (!this.#calls.attachBytes(at, this.#length)) this.#lender.spend();
    }
  }

  #decode(box: number): number {
    const at = this.#values.bytesAt(box);
    const length = this.#length;
    const content = this.#memory.bytes.subarray(at, at + length);
    // The engine's own decoder is quicker, but not WHATWG's on malformed sequences.
    return isUtf8(content)
      ? this.#exports.qjs_new_string(at, length)
      : this.#values.string(new TextDecoder("utf-8", { ignoreBOM: true }).decode(content));
  }

  #encode(box: number): number {
    const at = this.#exports.qjs_get_string_len(box, this.#anchors.length);
    this.#memory.sync();
    const made = this.#exports.qjs_new_uint8_array(at, this.#length);
    this.#exports.qjs_free_cstring(at);
    return made;
  }

  #entropy(box: number): number {
    const at = this.#values.bytesAt(box);
    if (at !== 0) this.#lender.entropy(this.#memory.bytes.subarray(at, at + this.#length));
    return this.#exports.qjs_dup_value(box);
  }
}
