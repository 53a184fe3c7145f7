// A process of its own with a durable host of very many children that rest: `node make-resting-crowd.js RESTING ACTIVE`.
// Some are started and put to rest; what is kept of one of them is written again under the names of all the others, as
// if these had been started too. Then another host takes all of them up, and some are woken. Prints a line of JSON.
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { growFreely } from "../runtime/heap-growth.ts";
import { loadPlatform } from "../runtime/host/runtime.ts";
import { decodeKept, encodeKept } from "../runtime/durable/kept-record.ts";
import { decodeRest, encodeRest } from "../runtime/durable/rest-record.ts";
import { openLmdbStore } from "../runtime/durable/store/lmdb-store.ts";
import type { Store } from "../runtime/durable/store/store.ts";
import { done } from "./opened-store.ts";
import { must, residentBytes, RestingCrowd } from "./resting-crowd.ts";
import { median, range } from "./side-by-side.ts";

/** Children that are really started. */
const STARTED = 40;
/** Commits are shared by so many. */
const GROUP = 250;
/** First answers that are timed. */
const ASKED = 200;
const HOUR = 3_600_000;

export interface RestingFigures {
  /** Of one in the store, what it shares with others left out. */
  readonly bytes: number;
  /** To open the host and take up all of them, in ms. */
  readonly upMs: number;
  /** Of the process, in bytes: with all at rest, and with some awake. */
  readonly atRest: number;
  readonly beside: number;
  /** First answers of those that rest, beside the others, in ms. */
  readonly answer: { readonly median: number; readonly range: readonly [number, number] };
}

const [resting, active] = process.argv.slice(2).map(Number) as [number, number];
const nameOf = (n: number): string => `tally-${n}`;

/** Starts some, and asks each something, so that no two are the same. Resolves with their bytes in the store. */
const begin = async (state: string): Promise<void> => {
  const crowd = await RestingCrowd.open(state, { awake: STARTED, after: 50 });
  for (let n = 0; n < STARTED; n++) await crowd.start(nameOf(n));
  for (let n = 0; n < STARTED; n++) await crowd.call(nameOf(n), n);
  await crowd.allRest(STARTED);
  await crowd.close();
};

const bytesOf = async (store: Store): Promise<number> => {
  const { items } = done(await store.components());
  // The first of its kind has what all of them share.
  return median(items.map(({ bytes }) => bytes));
};

/** Writes what is kept of one under the names of the others. */
const multiply = async (store: Store): Promise<void> => {
  const value = async (key: string): Promise<Uint8Array> => done(await store.get(key))!;
  const rest = decodeRest(await value(`rest/${nameOf(1)}`))!;
  const checkpoint = done(await store.read(rest.identity));
  const kept = must(decodeKept(checkpoint.record));
  for (let n = STARTED; n < resting; n += GROUP) {
    const checkpoints = [];
    const set = new Map<string, Uint8Array>();
    for (let i = n; i < Math.min(n + GROUP, resting); i++) {
      const identity = randomUUID();
      const incarnation = kept.incarnation + STARTED + i;
      const prepared = await store.prepare({
        ...{ ...checkpoint, identity, label: nameOf(i), since: null, resting: true, bound: null },
        record: must(encodeKept({ ...kept, incarnation })),
      });
      checkpoints.push(done(prepared));
      set.set(`alive/${nameOf(i)}`, Buffer.from(identity));
      set.set(`rest/${nameOf(i)}`, must(encodeRest({ ...rest, identity, incarnation })));
    }
    done(await store.commit({ checkpoints, set }));
  }
};

// As the command does.
growFreely();
const state = await RestingCrowd.folder();
await begin(state);
const { platform } = loadPlatform();
const store = done(await openLmdbStore(join(state, "store"), { bases: (hash) => platform.base(hash) }));
const bytes = await bytesOf(store);
await multiply(store);
await store.close();

const began = performance.now();
const crowd = await RestingCrowd.open(state, { awake: active + ASKED + 8, after: HOUR });
await crowd.takeUp();
const upMs = performance.now() - began;
if (crowd.resting !== resting) throw new Error(`${crowd.resting} rest, not ${resting}`);
const atRest = await residentBytes();
for (let n = 0; n < active; n += 20)
  await Promise.all(Array.from({ length: Math.min(20, active - n) }, (_, i) => crowd.call(nameOf(n + i), 1)));
const beside = await residentBytes();
const answers: number[] = [];
// Far from one another, and none that was asked before.
for (let i = 0; i < ASKED; i++)
  answers.push(await crowd.call(nameOf(active + ((i * 7919) % (resting - active))), 1));
const figures: RestingFigures = {
  ...{ bytes, upMs, atRest, beside },
  answer: { median: median(answers), range: range(answers) },
};
console.log(JSON.stringify(figures));
await crowd.close();
await rm(state, { recursive: true });
