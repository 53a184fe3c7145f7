// What the store has on record of a component: its name, what is charged to it, and its kept checkpoints.
//
//   text     label
//   text     kin, empty for none
//   varints  epoch, bytes charged
//   varint   kept checkpoints, latest first; of each:
//     varints  sequence, epoch, generation, number of its base, chunks of memory, stackPointer, runtime, context
//     blob     record
//     varint   attachments, in order of their names; of each: text name, blob
//     bytes    32: hash of the checkpoint before, zeros for none; 32: its own hash
//   bytes    8: of the SHA-256 of everything before
//
// A text is a varint of its bytes and UTF-8. A blob is a varint of its bytes and, if that is not 0, 16 bytes: the
// hash of its chunk, or where it has more than one, of the list of them.
import { createHash } from "node:crypto";
import { sha256 } from "../../digest.ts";
import { chunkBytes } from "./chunk.ts";
import { hashBytes, type Hash } from "./keys.ts";
import type { Position } from "./position.ts";
import type { Registers } from "./store.ts";
import { VarintReader, VarintWriter } from "./varint.ts";

export interface Blob {
  readonly length: number;
  /** Empty where there is nothing. */
  readonly hash: Hash;
}

export interface Kept extends Position {
  readonly generation: number;
  /** Number of its base memory. */
  readonly base: number;
  /** Of its memory. */
  readonly chunks: number;
  readonly registers: Registers;
  readonly record: Blob;
  /** In order of their names. */
  readonly attachments: readonly (readonly [name: string, blob: Blob])[];
  /** In hexadecimal; of the checkpoint before, zeros for none. */
  readonly parent: string;
  readonly hash: string;
}

export interface Head {
  readonly label: string;
  readonly kin: string | null;
  readonly epoch: number;
  /** Charged for chunks and tables. */
  readonly bytes: number;
  /** Latest first; never empty. */
  readonly kept: readonly Kept[];
}

export const noParent = "0".repeat(64);
const checkBytes = 8;
const digestBytes = 32;

const text = (writer: VarintWriter, value: string): void => {
  const bytes = Buffer.from(value, "utf8");
  writer.number(bytes.length).bytes(bytes);
};

const blob = (writer: VarintWriter, { length, hash }: Blob): void => {
  writer.number(length);
  if (length > 0) writer.bytes(Buffer.from(hash, "latin1"));
};

const facts = (writer: VarintWriter, kept: Omit<Kept, "hash">): void => {
  const { stackPointer, runtime, context } = kept.registers;
  for (const number of [kept.sequence, kept.epoch, kept.generation, kept.base, kept.chunks])
    writer.number(number);
  writer.number(stackPointer).number(runtime).number(context);
  blob(writer, kept.record);
  writer.number(kept.attachments.length);
  for (const [name, content] of kept.attachments) {
    text(writer, name);
    blob(writer, content);
  }
  writer.bytes(Buffer.from(kept.parent, "hex"));
};

const check = (bytes: Uint8Array): Uint8Array =>
  createHash("sha256").update(bytes).digest().subarray(0, checkBytes);

export const encodeHead = (head: Head): Uint8Array => {
  const writer = new VarintWriter();
  text(writer, head.label);
  text(writer, head.kin ?? "");
  writer.number(head.epoch).number(head.bytes).number(head.kept.length);
  for (const kept of head.kept) {
    facts(writer, kept);
    writer.bytes(Buffer.from(kept.hash, "hex"));
  }
  return writer.bytes(check(writer.done())).done();
};

class HeadReader {
  readonly #reader: VarintReader;

  constructor(bytes: Uint8Array) {
    this.#reader = new VarintReader(bytes);
  }

  head(): Head {
    const label = this.#text();
    const kin = this.#text();
    const [epoch, bytes] = [this.#number(), this.#number()];
    return { label, kin: kin === "" ? null : kin, epoch, bytes, kept: this.#list(() => this.#kept()) };
  }

  #kept(): Kept {
    return {
      sequence: this.#number(),
      epoch: this.#number(),
      generation: this.#number(),
      base: this.#number(),
      chunks: this.#number(),
      registers: { stackPointer: this.#number(), runtime: this.#number(), context: this.#number() },
      record: this.#blob(),
      attachments: this.#list(() => [this.#text(), this.#blob()] as const),
      parent: this.#hex(),
      hash: this.#hex(),
    };
  }

  #number = (): number => this.#reader.number();
  #text = (): string => Buffer.from(this.#reader.bytes(this.#number())).toString("utf8");
  #hex = (): string => Buffer.from(this.#reader.bytes(digestBytes)).toString("hex");

  #blob(): Blob {
    const length = this.#number();
    const hash = length === 0 ? "" : Buffer.from(this.#reader.bytes(hashBytes)).toString("latin1");
    return { length, hash };
  }

  #list<A>(item: () => A): readonly A[] {
    const items: A[] = [];
    for (let left = this.#number(); left > 0 && this.#reader.sound; left--) items.push(item());
    return items;
  }
}

/** `null` where the bytes are no head, or not as they were written. */
export const decodeHead = (bytes: Uint8Array): Head | null => {
  const end = bytes.length - checkBytes;
  if (end < 0) return null;
  const content = bytes.subarray(0, end);
  if (Buffer.compare(check(content), bytes.subarray(end)) !== 0) return null;
  const head = new HeadReader(content).head();
  return head.kept.length > 0 ? head : null;
};

/**
 * The hash of a checkpoint: of all that it says, and so of all that it consists of. Label and kin are not in it: they
 * are the component's, and may change. `base`: SHA-256 of its base memory; `memory`: that of its table.
 */
export const checkpointHash = (
  identity: string,
  base: string,
  kept: Omit<Kept, "hash">,
  memory: Uint8Array,
): string => {
  const writer = new VarintWriter();
  for (const part of ["cryonode checkpoint 1", identity, base]) text(writer, part);
  // The number of a base is the store's own affair.
  facts(writer, { ...kept, base: 0 });
  return sha256(writer.bytes(memory).done());
};

export const memoryBytesOf = (kept: Kept): number => kept.chunks * chunkBytes;
