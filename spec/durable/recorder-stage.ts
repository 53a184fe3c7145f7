// A recorder alone, with what it writes down, plans and tells, and files that answer as a spec says.
import { E } from "../../lib/fp.ts";
import { File } from "../../lib/session/file-system.ts";
import type { Answer, CoreObject } from "../../runtime/core/service.ts";
import type { MethodEntry } from "../../runtime/domain/capability-space.ts";
import { GrowthPlans } from "../../runtime/durable/growth-plans.ts";
import { decodeEntry, type DomainRecord } from "../../runtime/durable/journal/journal-record.ts";
import { JournalWriter } from "../../runtime/durable/journal/journal-writer.ts";
import { Recorder } from "../../runtime/durable/recorder.ts";

/** What was added, in order; `syncs`: whether it is ever durable. */
const journal = (records: DomainRecord[], syncs: boolean): JournalWriter => {
  const made = new JournalWriter({
    append: () => {},
    sync: (then) => void (syncs && setImmediate(then, null)),
    syncNow: () => {},
  });
  const add = made.add.bind(made);
  made.add = (payload) => {
    records.push(decodeEntry(payload)!.record);
    add(payload);
  };
  return made;
};

export interface Stage {
  readonly recorder: Recorder;
  readonly records: readonly DomainRecord[];
  readonly plans: GrowthPlans;
  readonly told: string[];
  readonly call: (object: CoreObject, name: string, ...args: readonly unknown[]) => Promise<unknown>;
}

export const stage = ({ syncs = true } = {}): Stage => {
  const told: string[] = [];
  const records: DomainRecord[] = [];
  const plans = new GrowthPlans();
  const recorder = new Recorder(
    {
      ...{ incarnation: 1, journal: journal(records, syncs), plans, isInner: () => false },
      unsynced: (reason) => told.push(reason),
      warn: (text) => told.push(text),
    },
    { open: true },
  );
  let slot = 0;
  return {
    recorder,
    records,
    plans,
    told,
    call: (object, name, ...args) => {
      const entry = { name, reach: "effect" } as unknown as MethodEntry;
      return Promise.resolve(recorder.call({ slot: ++slot, turn: 1, object, entry, args, plan: null }));
    },
  };
};

/** A file whose syncs are answered so, one after the other; then all is well. */
export const fileOf = (...answers: Answer<void>[]): CoreObject =>
  ({
    contract: File,
    write: () => E.right(1),
    close: () => E.right(undefined),
    sync: () => answers.shift() ?? E.right(undefined),
  }) as unknown as CoreObject;

/** As above, of one that is appended to. */
export const growing = (...answers: Answer<void>[]): CoreObject => {
  let length = 0;
  const append = (data: unknown, place: number): Answer<number> => {
    length = Math.max(length, place + (data as string).length);
    return E.right(length);
  };
  const growth = { name: "a", end: () => E.right(length), size: (data: unknown) => (data as string).length };
  return { ...fileOf(...answers), life: { growth: { ...growth, append } } };
};
