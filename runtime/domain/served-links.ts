// The links that a protection domain owns: sessions with services that its component announced, objects that it handed
// out, capabilities that it handed on. What is called by them is asked of the component, or passed on.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { SERVE_CALL, SERVE_CLOSE, SERVE_OPEN } from "../../lib/guest/abi.ts";
import type { LinkCall, LinkPower, OwnedLink, Sender, ToDomain } from "../core/link.ts";
import { parcelBytes, writeIncoming, type Parcel, type PassedLink } from "../core/parcel.ts";
import type { Answer } from "../core/service.ts";
import { Intake } from "./intake.ts";
import type { RelayedCall } from "./relay.ts";
import { forgotten, ServedLink, type Keeper, type Running } from "./served-link.ts";
import type { ServiceRecord } from "./service-record.ts";
import type { ServiceWorld } from "./service-world.ts";

/** Calls of one link that run at once. */
const MOST_RUNNING = 1024;
/** Messages of one child's calls without an answer take up to this part of the component's RAM. */
const ASKED_PART = 8;

/** What is asked of the component: by a holder under an id, or to open a session, where there is none. */
interface Question {
  readonly served: ServedLink;
  readonly id: string | null;
}

/** What comes in with calls, and what is passed on. */
export interface Inbound {
  readonly keeper: Keeper;
  take(links: readonly PassedLink[], from: Sender, patience: number | null): Answer<readonly number[]>;
  decline(parcel: Parcel): void;
  passOn(call: RelayedCall, isAgain: boolean): void;
  /** Whether a link is on its way, and may be held again. */
  isUnderway(link: string): boolean;
}

const closed = (what: string): SessionError => ({ tag: "Closed", what });

export class ServedLinks {
  readonly #world: ServiceWorld;
  readonly #power: LinkPower;
  readonly #inbound: Inbound;
  readonly #links = new Map<string, ServedLink>();
  readonly #questions = new Map<number, Question>();
  /** How often each of the component's objects was handed out, and may still be held. */
  readonly #offers = new Map<number, number>();
  readonly #intake = new Intake(() => Math.floor(this.#world.ram().quota / ASKED_PART));
  nextKey = 1;

  constructor(world: ServiceWorld, power: LinkPower, inbound: Inbound) {
    this.#world = world;
    this.#power = power;
    this.#inbound = inbound;
  }

  get(link: string): ServedLink | undefined {
    return this.#links.get(link);
  }
  get isEmpty(): boolean {
    return this.#links.size === 0;
  }
  /** As the broker is told of them. */
  get owned(): readonly OwnedLink[] {
    return [...this.#links.values()].map(({ link, holder, open }) => ({ link, holder, open }));
  }

  /** A link that whoever has this identity is to hold. */
  made(holder: string): ServedLink {
    const served = new ServedLink(this.#world.name(), holder, this.#inbound.keeper);
    this.#links.set(served.link, served);
    return served;
  }

  /** One of the component's objects goes out behind a link. */
  offer(served: ServedLink, object: number): void {
    served.object = object;
    this.#offers.set(object, (this.#offers.get(object) ?? 0) + 1);
  }

  // --- what the component answers

  /** What was asked under a key; undefined where nothing was, or it has its answer. */
  question(key: number): Question | undefined {
    return this.#questions.get(key);
  }

  /** A session's root has answered. */
  opened(key: number, served: ServedLink): void {
    this.#questions.delete(key);
    served.opening = null;
    this.#power.send({ kind: "opened", link: served.link, error: null });
  }

  unopened(key: number, served: ServedLink, error: SessionError): void {
    this.#questions.delete(key);
    this.#links.delete(served.link);
    this.#power.send({ kind: "opened", link: served.link, error });
  }

  settle(key: number, served: ServedLink, id: string, answer: Answer<Parcel>): void {
    this.#questions.delete(key);
    if (!this.#links.has(served.link)) return;
    const running = served.running.get(id);
    const told = served.answer(id, answer);
    this.#power.send({ kind: "reply", link: served.link, id, answer: told });
    if (running !== undefined) this.#leave(served.holder, running);
  }

  // --- what is taken back, and given up

  /** Takes an object away from all who hold it. */
  revoke(object: number): void {
    this.#revoke((served) => served.object === object);
  }

  /** A capability is gone, and with it what was handed on of it. */
  dropped(selector: number): void {
    this.#revoke((served) => served.selector === selector);
  }

  #revoke(of: (served: ServedLink) => boolean): void {
    for (const served of [...this.#links.values()].filter(of)) {
      this.forget(served);
      this.#power.send({ kind: "revoke", link: served.link });
    }
  }

  /** Whether others have this capability from here. */
  isLent(selector: number): boolean {
    return [...this.#links.values()].some((served) => served.selector === selector);
  }

  /** A call that the component was asked leaves its memory. */
  #leave(holder: string, { passedOn, asked, bytes }: Running): void {
    if (passedOn === null && asked === null) this.#intake.leave(holder, bytes);
  }

  /** Nobody holds a link any more. */
  forget(served: ServedLink): void {
    this.#links.delete(served.link);
    served.close();
    for (const running of served.running.values()) {
      this.#questions.delete(running.key);
      this.#leave(served.holder, running);
    }
    if (served.opening !== null) this.#questions.delete(served.opening);
    const { object, selector, lent, session } = served;
    if (lent && selector !== null) this.#world.drop(selector);
    else if (selector !== null) this.#world.unlent(selector);
    const isHeld = object === null || [...this.#links.values()].some((each) => each.object === object);
    if (isHeld && session === null) return;
    const offers = isHeld ? 0 : (this.#offers.get(object) ?? 0);
    if (!isHeld) this.#offers.delete(object);
    this.#world.serve(SERVE_CLOSE, JSON.stringify([object ?? 0, offers, session ?? 0]));
  }

  /** Nobody holds a link, the broker says. */
  left(link: string): void {
    const served = this.#links.get(link);
    if (served !== undefined && !this.#inbound.isUnderway(link)) this.forget(served);
  }

  // --- what others ask

  open({ link, holder, client, service, label, args }: Extract<ToDomain, { readonly kind: "open" }>): void {
    const known = this.#links.get(link);
    if (known !== undefined) {
      // It was asked for before a freeze.
      if (known.open) this.#power.send({ kind: "opened", link, error: null });
      return;
    }
    const served = new ServedLink(link, holder, this.#inbound.keeper);
    const key = this.nextKey++;
    served.opening = key;
    served.session = key;
    this.#links.set(link, served);
    this.#questions.set(key, { served, id: null });
    const parcel: Parcel = { body: args, bytes: [], capabilities: [] };
    this.#world.serve(SERVE_OPEN, writeIncoming([key, service, label, client], parcel, []));
  }

  called(call: LinkCall, from: Sender): void {
    const { link, id, method, parcel } = call;
    const served = this.#links.get(link);
    const reply = (answer: Answer<Parcel>): void => this.#power.send({ kind: "reply", link, id, answer });
    const refuse = (error: SessionError): void => {
      this.#inbound.decline(parcel);
      reply(E.left(error));
    };
    if (served === undefined) return refuse(closed("the object"));
    served.received(call);
    const kept = served.kept.get(id);
    if (kept !== undefined) return reply(kept);
    if (served.running.has(id)) return;
    if (!served.note(id)) return refuse(forgotten(method));
    if (served.running.size >= MOST_RUNNING)
      return refuse({ tag: "QuotaExceeded", resource: "calls", wanted: 1, available: 0 });
    const bytes = parcelBytes(parcel);
    const limit = served.selector === null ? this.limit() : Infinity;
    if (bytes > limit) {
      this.#inbound.decline(parcel);
      return reply(
        served.answer(id, E.left({ tag: "TooLarge", what: `what ${method} is asked`, bytes, limit })),
      );
    }
    const key = this.nextKey++;
    this.#questions.set(key, { served, id });
    if (served.selector === null) {
      served.running.set(id, { id, key, passedOn: null, asked: { method, parcel, from }, bytes });
      return this.#ask(served, id);
    }
    const passedOn = { method, parcel, from, own: this.#world.ownTime(), wall: this.#world.wallTime() };
    const running = { id, key, passedOn, asked: null, bytes };
    served.running.set(id, running);
    this.#passOn(served, running, false);
  }

  /** Bytes of the largest message that the component can take in: reading it takes about three times as many. */
  limit(): number {
    const { quota, used } = this.#world.ram();
    return Math.max(Math.floor((quota - used) / 3), Math.floor(quota / ASKED_PART));
  }

  /** Asks the component, as soon as what it was asked before leaves room. */
  #ask(served: ServedLink, id: string): void {
    const { bytes } = served.running.get(id)!;
    this.#intake.ask(served.holder, bytes, () => {
      const running = served.running.get(id);
      if (running === undefined || running.asked === null || !this.#links.has(served.link)) return false;
      const { method, parcel, from } = running.asked;
      const selectors = this.#inbound.take(parcel.capabilities, from, null);
      if (E.isLeft(selectors)) {
        this.settle(running.key, served, id, selectors);
        return false;
      }
      served.running.set(id, { ...running, asked: null });
      const packet = writeIncoming([running.key, served.object, method], parcel, selectors.right);
      this.#world.serve(SERVE_CALL, packet, running.key);
      return true;
    });
  }

  #passOn(served: ServedLink, { id, key, passedOn }: Running, isAgain: boolean): void {
    if (passedOn === null) return;
    const settle = (answer: Answer<Parcel>): void => this.settle(key, served, id, answer);
    const isWanted = (): boolean => this.#links.has(served.link);
    this.#inbound.passOn({ served, id, key, passedOn, settle, isWanted }, isAgain);
  }

  // --- freeze and revival

  record(): Pick<ServiceRecord, "served" | "offers" | "nextKey"> {
    const served = [...this.#links.values()].map((each) => each.record());
    return { served, offers: [...this.#offers], nextKey: this.nextKey };
  }

  /** `keeps`: whether a holder of this identity is still served. */
  restore(
    { served: records, offers, nextKey }: Pick<ServiceRecord, "served" | "offers" | "nextKey">,
    keeps: (holder: string) => boolean,
  ): void {
    this.nextKey = nextKey;
    for (const [object, count] of offers) this.#offers.set(object, count);
    for (const record of records) {
      const served = ServedLink.from(record, this.#inbound.keeper);
      this.#links.set(served.link, served);
      if (served.opening !== null) this.#questions.set(served.opening, { served, id: null });
      for (const { id, key, passedOn, asked, bytes } of served.running.values()) {
        this.#questions.set(key, { served, id });
        if (passedOn === null && asked === null) this.#intake.inside(served.holder, bytes);
      }
    }
    for (const served of [...this.#links.values()]) if (!keeps(served.holder)) this.forget(served);
  }

  /** Goes on with what was passed on, and with what was yet to be asked, in the order that it came. */
  proceed(): void {
    const all = [...this.#links.values()].flatMap((served) =>
      [...served.running.values()].map((running) => ({ served, running })),
    );
    for (const { served, running } of all) this.#passOn(served, running, true);
    for (const { served, running } of all.sort((a, b) => a.running.key - b.running.key))
      if (running.asked !== null) this.#ask(served, running.id);
  }
}
