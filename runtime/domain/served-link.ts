// A link as its owner sees it: which calls run, and the answers that are kept until they have arrived, so that a call
// which is said again runs once.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import type { Sender } from "../core/link.ts";
import type { Parcel } from "../core/parcel.ts";
import type { Carrier } from "../core/remote.ts";
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

/** A call that runs here, or was passed on. */
export interface Running {
  readonly id: string;
  readonly key: number;
  readonly passedOn: PassedOn | null;
}

const EPOCHS_KEPT = 8;

const placeOf = (id: string): readonly [epoch: string, number: number] => {
  const dot = id.indexOf(".");
  return [id.slice(0, dot), Number(id.slice(dot + 1))];
};

export class ServedLink {
  readonly link: string;
  readonly holder: string;
  object: number | null = null;
  selector: number | null = null;
  lent = false;
  opening: number | null = null;
  readonly running = new Map<string, Running>();
  readonly kept = new Map<string, Answer<Parcel>>();
  readonly #seen = new Map<string, number>();
  readonly #carrier: Carrier;

  constructor(link: string, holder: string, carrier: Carrier) {
    this.link = link;
    this.holder = holder;
    this.#carrier = carrier;
  }

  static from(record: ServedRecord, carrier: Carrier): ServedLink {
    const made = new ServedLink(record.link, record.holder, carrier);
    made.object = record.object;
    made.selector = record.selector;
    made.lent = record.lent;
    made.opening = record.opening;
    for (const each of record.running) made.running.set(each.id, each);
    for (const { id, answer } of record.kept) made.#keep(id, answer);
    for (const [epoch, highest] of record.seen) made.#seen.set(epoch, highest);
    return made;
  }

  record(): ServedRecord {
    const { link, holder, object, selector, lent, opening } = this;
    return {
      link,
      holder,
      object,
      selector,
      lent,
      opening,
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
  received(ids: readonly string[]): void {
    for (const id of ids) this.#drop(id);
  }

  /** The holder was revived, and waits for these alone. */
  waits(ids: readonly string[]): void {
    const wanted = new Set(ids);
    for (const id of [...this.kept.keys()]) if (!wanted.has(id)) this.#drop(id);
  }

  answer(id: string, answer: Answer<Parcel>): void {
    this.running.delete(id);
    this.#keep(id, answer);
  }

  /** Nobody will ask for its answers any more. */
  close(): void {
    for (const id of [...this.kept.keys()]) this.#drop(id);
  }

  #keep(id: string, answer: Answer<Parcel>): void {
    this.kept.set(id, answer);
    if (E.isRight(answer)) this.#carrier.load(answer.right);
  }

  #drop(id: string): void {
    const answer = this.kept.get(id);
    if (answer === undefined) return;
    this.kept.delete(id);
    if (E.isRight(answer)) this.#carrier.unload(answer.right);
  }
}

/** What a call is answered whose first answer is no longer there. */
export const forgotten = (method: string): SessionError => ({ tag: "Interrupted", method });
