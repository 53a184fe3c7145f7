// Components at rest in the store: how much one takes, how much 100,000 take, and how long it takes to put one among
// them and to read one.
import { randomUUID } from "node:crypto";
import { E } from "../lib/fp.ts";
import { encode } from "../runtime/image/cbor.ts";
import { decode, openImage } from "../runtime/image/open-image.ts";
import type { Checkpoint } from "../runtime/durable/store/store.ts";
import type { Base } from "../runtime/engine/base.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { frozenCounter } from "./frozen-counter.ts";
import { done, firstCheckpoint, openedStore, type OpenedStore } from "./opened-store.ts";
import { median, range } from "./side-by-side.ts";
import type { Row } from "./row.ts";

const TARGET_BYTES = 16_000;
const TARGET_READ_MS = 5;
const POPULATION = 100_000;
/** Commits are shared by so many. */
const GROUP = 250;
/** Words in which one counter's memory differs from another's. */
const WORDS = 60;

/** A counter at rest, with all that its revival needs. */
const restingCounter = async ({ engine, base }: BenchContext): Promise<Checkpoint> => {
  const sealed = openImage(await frozenCounter(), "any");
  if (E.isLeft(sealed)) throw new Error(sealed.left.tag);
  const image = decode(sealed.right, { engines: [engine.hash], base: () => base.memory });
  if (E.isLeft(image)) throw new Error(image.left.tag);
  const { manifest, memories } = image.right;
  const { ledger, code, registers } = manifest.children[0]!;
  return firstCheckpoint(base, {
    label: "init -> counter",
    kin: code.hash,
    registers,
    memory: memories[0]!,
    record: encode({ ledger, quota: manifest.children[0]!.quota }),
    attachments: new Map([["code", encode(code)]]),
    resting: true,
  });
};

const bytesRow = (name: string, bytes: number, limit: number): Row => ({
  name,
  value: bytes,
  unit: "bytes",
  against: "",
  reference: null,
  ratio: null,
  spread: null,
  target: { of: "value", bound: "at most", limit },
});

/** Others of its kind, one at a time: in the pages that it wrote to, a few words are otherwise. */
class Siblings {
  readonly #counter: Checkpoint;
  readonly #words: Uint32Array;
  /** Words that the counter changed, far from one another. */
  readonly #places: readonly number[];
  #made = 0;

  constructor(counter: Checkpoint, base: Base) {
    this.#counter = counter;
    this.#words = new Uint32Array(new Uint8Array(counter.memory).buffer);
    const before = new Uint32Array(base.memory.buffer, base.memory.byteOffset, base.memory.length >> 2);
    const changed = [...this.#words.keys()].filter((at) => this.#words[at] !== (before[at] ?? 0));
    const stride = Math.max(1, Math.floor(changed.length / WORDS));
    this.#places = changed.filter((_, i) => i % stride === 0);
  }

  /** Its memory is the next one's, too. */
  next(): Checkpoint {
    const n = ++this.#made;
    for (const [i, at] of this.#places.entries()) this.#words[at] = n * WORDS + i;
    const { record } = this.#counter;
    return {
      ...this.#counter,
      identity: randomUUID(),
      memory: new Uint8Array(this.#words.buffer),
      record: Buffer.concat([record, encode(n)]),
    };
  }
}

export const restingBench: Bench = {
  name: "resting counter",
  async run(context) {
    const opened = await openedStore(context.base);
    const counter = await restingCounter(context);
    done(await opened.store.put(counter));
    const facts = done(await opened.store.component(counter.identity))!;
    await opened.close();
    return bytesRow("resting counter", facts.bytes, TARGET_BYTES);
  },
};

interface Population extends OpenedStore {
  readonly identities: readonly string[];
  /** Of the last ones, one by one, in ms. */
  readonly putting: readonly number[];
}

let populated: Promise<Population> | null = null;

/** The store with all of them; made once, for some rows need it. */
const population = (context: BenchContext): Promise<Population> => {
  populated ??= populate(context);
  return populated;
};

const populate = async (context: BenchContext): Promise<Population> => {
  const { base } = context;
  const opened = await openedStore(base);
  const counter = await restingCounter(context);
  const siblings = new Siblings(counter, base);
  const identities: string[] = [];
  const { store } = opened;
  for (let n = 0; n < POPULATION; n += GROUP) {
    const checkpoints = [];
    for (let i = 0; i < GROUP; i++) checkpoints.push(done(await store.prepare(siblings.next())));
    done(await store.commit({ checkpoints }));
    identities.push(...checkpoints.map(({ identity }) => identity));
  }
  const putting: number[] = [];
  for (let i = 0; i < 100; i++) {
    const next = siblings.next();
    const began = performance.now();
    done(await store.put(next));
    putting.push(performance.now() - began);
  }
  return { ...opened, identities, putting };
};

const timed = (name: string, figures: readonly number[], limit: number | null): Row => ({
  name,
  value: median(figures),
  unit: "ms",
  against: "",
  reference: null,
  ratio: null,
  spread: { value: range(figures), ratio: null },
  target: limit === null ? null : { of: "value", bound: "at most", limit },
});

const populationBench = (name: string, row: (population: Population) => Promise<Row>): Bench => ({
  name,
  run: async (context) => row(await population(context)),
});

export const populationBenches: readonly Bench[] = [
  populationBench("disk, each of 100,000", async ({ store }) => {
    const { diskBytes } = done(await store.facts());
    return bytesRow("disk, each of 100,000", Math.round(diskBytes / POPULATION), TARGET_BYTES);
  }),
  populationBench("putting to rest, of 100,000", async ({ putting }) =>
    timed("putting to rest, of 100,000", putting, null),
  ),
  populationBench("reading back, of 100,000", async ({ store, identities, close }) => {
    const reading: number[] = [];
    const into = new Uint8Array(new SharedArrayBuffer(8 << 20)).fill(1);
    for (let i = 0; i < 300; i++) {
      const identity = identities[(i * 7919) % identities.length]!;
      const began = performance.now();
      done(await store.read(identity, { into: (bytes) => into.subarray(0, bytes) }));
      reading.push(performance.now() - began);
    }
    await close();
    return timed("reading back, of 100,000", reading, TARGET_READ_MS);
  }),
];
