// A link as its owner sees it: which calls run, and the answers that are kept until they have arrived, so that a call
// which is said again runs once.
import type { SessionError } from "../../lib/error.ts";
import type { Received, Sender } from "../core/link.ts";
import type { Parcel } from "../core/parcel.ts";
import type { Answer } from "../core/service.ts";
import type { ServedRecord } from "./service-record.ts";

/** A call that was passed on to where the capability behind the link leads, and when it first was, in ms: on its
 *  domain's clock, and on the wall. */
export interface PassedOn {
  readonly method: string;
  readonly parcel: Parcel;
  readonly from: Sender;
  readonly own: number;
  readonly wall: number;
}

/** Where answers are kept until they have arrived. */
export interface Keeper {
  /** Keeps an answer for a holder, or what is said instead of one that there is no room for. */
  keep(holder: string, answer: Answer<Parcel>): Answer<Parcel>;
  /** It is kept no longer. `arrived`: its holder has it. */
  drop(holder: string, answer: Answer<Parcel>, arrived: boolean): void;
}

/** A call that is yet to be let in. */
export interface Asked {
  readonly method: string;
  readonly parcel: Parcel;
  readonly from: Sender;
}

/** A call that runs here, is to be let in, or was passed on. */
export interface Running {
  readonly id: string;
  readonly key: number;
  readonly passedOn: PassedOn | null;
  readonly asked: Asked | null;
  /** Of its message. */
  readonly bytes: number;
}

const EPOCHS_KEPT = 8;

const placeOf = (id: string): readonly [epoch: string, number: number] => {
  const dot = id.indexOf(".");
  return [id.slice(0, dot), Number(id.slice(dot + 1))];
};

export class ServedLink {
  readonly link: string;
  /** Identity of the child that holds it. */
  readonly holder: string;
  object: number | null = null;
  selector: number | null = null;
  lent = false;
  opening: number | null = null;
  session: number | null = null;
  readonly running = new Map<string, Running>();
  readonly kept = new Map<string, Answer<Parcel>>();
  readonly #seen = new Map<string, number>();
  readonly #keeper: Keeper;

  constructor(link: string, holder: string, keeper: Keeper) {
    this.link = link;
    this.holder = holder;
    this.#keeper = keeper;
  }

  static from(record: ServedRecord, keeper: Keeper): ServedLink {
    const made = new ServedLink(record.link, record.holder, keeper);
    made.object = record.object;
    made.selector = record.selector;
    made.lent = record.lent;
    made.opening = record.opening;
    made.session = record.session;
    for (const each of record.running) made.running.set(each.id, each);
    for (const { id, answer } of record.kept) made.answer(id, answer);
    for (const [epoch, highest] of record.seen) made.#seen.set(epoch, highest);
    return made;
  }

  record(): ServedRecord {
    const { link, holder, object, selector, lent, opening, session } = this;
    return {
      link,
      holder,
      object,
      selector,
      lent,
      opening,
      session,
      running: [...this.running.values()],
      kept: [...this.kept].map(([id, answer]) => ({ id, answer })),
      seen: [...this.#seen],
    };
  }

  get open(): boolean {
    return this.object !== null || this.selector !== null;
  }

  /** Notes that a call has come. False where it had come before, and was answered, and the answer was forgotten: its
   *  holder was revived from a past in which it had none. */
  note(id: string): boolean {
    const [epoch, number] = placeOf(id);
    const highest = this.#seen.get(epoch);
    if (highest !== undefined && number <= highest) return false;
    this.#seen.set(epoch, number);
    if (this.#seen.size > EPOCHS_KEPT) this.#seen.delete([...this.#seen.keys()][0]!);
    return true;
  }

  /** Forgets answers that the holder has. */
  received({ received, oldest }: Received): void {
    for (const id of received) this.#drop(id, true);
    if (this.kept.size === 0) return;
    const [now, first] = placeOf(oldest);
    for (const id of [...this.kept.keys()]) {
      const [epoch, number] = placeOf(id);
      if (epoch === now && number < first) this.#drop(id, true);
    }
  }

  /** The holder was revived, and waits for these alone. */
  waits(ids: readonly string[]): void {
    const wanted = new Set(ids);
    for (const id of [...this.kept.keys()]) if (!wanted.has(id)) this.#drop(id, false);
  }

  /** A call is answered. Returns what its holder is told. */
  answer(id: string, answer: Answer<Parcel>): Answer<Parcel> {
    this.running.delete(id);
    const kept = this.#keeper.keep(this.holder, answer);
    this.kept.set(id, kept);
    return kept;
  }

  /** Nobody will ask for its answers any more. */
  close(): void {
    for (const id of [...this.kept.keys()]) this.#drop(id, false);
  }

  #drop(id: string, arrived: boolean): void {
    const answer = this.kept.get(id);
    if (answer === undefined) return;
    this.kept.delete(id);
    this.#keeper.drop(this.holder, answer, arrived);
  }
}

/** What a call is answered whose first answer is no longer there. */
export const forgotten = (method: string): SessionError => ({ tag: "Interrupted", method });
