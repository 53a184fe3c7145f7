// Checkpoints for the specs of the store: small memories over a small base, and their components.
import { createHash } from "node:crypto";
import type { Bases } from "../../../runtime/durable/store/base-memories.ts";
import { compareMemories, PageSet } from "../../../runtime/durable/store/page-set.ts";
import type { Checkpoint, Receipt } from "../../../runtime/durable/store/store.ts";
import { noise } from "../../image/sample-image.ts";

export const page = 65536;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Three pages: noise, zeros, noise. */
export const base = new Uint8Array(3 * page);
base.set(noise(page, 7));
base.set(noise(page, 8), 2 * page);
const baseHash = sha256(base);

/** Another release's. */
const otherBase = new Uint8Array(2 * page);
otherBase.set(noise(page, 9), page);
export const otherHash = sha256(otherBase);

export const bases: Bases = (hash) => (hash === baseHash ? base : hash === otherHash ? otherBase : null);

/** The identity of the nth component. */
export const identity = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;

/** The base's content with some words changed: `seed` says which; of `pages` pages. */
export const memoryOf = (seed: number, pages = 4): Uint8Array => {
  const memory = new Uint8Array(pages * page);
  memory.set(base.subarray(0, Math.min(base.length, memory.length)));
  for (let i = 0; i < 3; i++) {
    const at = ((seed * 7919 + i * 30011) * 4) % (memory.length - 64);
    memory.set(noise(40, seed * 3 + i), at - (at % 4));
  }
  return memory;
};

export const checkpoint = (fields: Partial<Checkpoint> = {}): Checkpoint => ({
  identity: identity(1),
  label: "init -> one",
  kin: null,
  epoch: 1,
  sequence: 1,
  generation: 1,
  base: baseHash,
  registers: { stackPointer: 65536, runtime: 4096, context: 8192 },
  record: Buffer.from("what it holds"),
  attachments: new Map(),
  memory: memoryOf(1),
  since: null,
  resting: false,
  bound: null,
  ...fields,
});

/** What changed since `receipt`, when the memory was `before`. */
export const since = (
  receipt: Receipt,
  before: Uint8Array,
  now: Uint8Array,
): NonNullable<Checkpoint["since"]> => {
  const changed = new PageSet(now.length);
  compareMemories(before, now, changed);
  return { receipt, changed };
};

export const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** The component all of whose memory is otherwise each time, and as large as what is written by a thread. */
export const LARGE = 4;
const LARGE_PAGES = 17;
let sea: Uint8Array | null = null;

/** What a component that writes all the time has at its nth checkpoint. */
export const writerMemory = (name: number, sequence: number): Uint8Array => {
  if (name === LARGE) {
    sea ??= noise((LARGE_PAGES + 1) * page, 1);
    const at = (sequence * 68) % page;
    return sea.slice(at, at + LARGE_PAGES * page);
  }
  const memory = memoryOf(name, 4 + Math.min(8, sequence >> 4));
  for (let n = Math.max(1, sequence - 6); n <= sequence; n++)
    memory.set(noise(1000 + (n % 7) * 3000, n * 5 + name), ((n * 20_011) % (3 * page)) & ~3);
  return memory;
};
