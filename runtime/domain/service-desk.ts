// What a protection domain has to do with others of its host: sessions with their services, objects that it serves
// to them, capabilities that it was handed. Messages that its component sends become parcels, and parcels that come in
// become messages.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { FIRST_GIVEN } from "../../lib/guest/abi.ts";
import type { LinkPower, ToDomain } from "../core/link.ts";
import { parcelBytes, readOutgoing, type Outgoing, type Parcel } from "../core/parcel.ts";
import type { Carrier } from "../core/remote.ts";
import { DONE, type Answer } from "../core/service.ts";
import { Allowance } from "./allowance.ts";
import { Cargo } from "./cargo.ts";
import { Handover } from "./handover.ts";
import { HeldLinks } from "./held-links.ts";
import type { MemoryDesk } from "./memory-desk.ts";
import { Relay } from "./relay.ts";
import type { Keeper, ServedLink } from "./served-link.ts";
import { ServedLinks } from "./served-links.ts";
import type { ServiceRecord } from "./service-record.ts";
import type { ServiceWorld } from "./service-world.ts";

/** Services that one component announces, and characters of each one's name. */
const MOST_ANNOUNCED = 256;
const MOST_SERVICE_NAME = 1024;
/** Bytes of all calls of a domain that have no answer yet. */
const MOST_WAITING_BYTES = 64 << 20;
/** Bytes of answers that are kept for one child until it has them. */
const MOST_KEPT_BYTES = 64 << 20;
/** Characters of an error that a component rejects a call with. */
const MOST_ERROR = 16384;

const tooLarge = (what: string, allowance: Allowance, whom: string, bytes: number): SessionError => ({
  tag: "TooLarge",
  what,
  bytes: allowance.usedBy(whom) + bytes,
  limit: allowance.limit,
});

export class ServiceDesk {
  readonly #name: string;
  readonly #world: ServiceWorld;
  readonly #power: LinkPower;
  readonly #memory: MemoryDesk;
  readonly #announced = new Set<string>();
  readonly #cargo = new Cargo();
  readonly #waiting = new Allowance(MOST_WAITING_BYTES);
  readonly #answers = new Allowance(MOST_KEPT_BYTES);
  readonly #handover: Handover;
  readonly #served: ServedLinks;
  readonly #relay: Relay;
  /** The links that it holds. */
  readonly held: HeldLinks;
  #suspended = false;
  #arrived: ToDomain[] = [];

  /** `name`: the child's. */
  constructor(name: string, world: ServiceWorld, power: LinkPower, memory: MemoryDesk) {
    this.#name = name;
    this.#world = world;
    this.#power = power;
    this.#memory = memory;
    this.#served = new ServedLinks(world, power, {
      keeper: this.#keeper(),
      take: (links, from, patience) => this.held.take(links, from, patience),
      decline: (parcel) => this.held.decline(parcel),
      passOn: (call, isAgain) => this.#relay.call(call, isAgain),
      isUnderway: (link) => this.#cargo.left(link),
    });
    this.#handover = new Handover(world, memory, this.#served);
    const outbound = {
      carrier: this.#carrier(),
      parcel: (message: Outgoing, receiver: string) => this.#handover.parcel(message, receiver),
      unsent: (message: Outgoing) => this.#handover.unsent(message),
    };
    this.held = new HeldLinks(world, power, memory, outbound, () => this.#served.limit());
    this.#relay = new Relay(world, this.held, this.#handover);
  }

  /** Whether it announced a service. */
  get announces(): boolean {
    return this.#announced.size > 0;
  }

  // --- what is on its way

  #carrier(): Carrier {
    return {
      refusal: (service, bytes) =>
        this.#waiting.fits("", bytes)
          ? null
          : tooLarge(`what ${service} is asked, with all that has no answer yet,`, this.#waiting, "", bytes),
      load: (parcel) => {
        this.#cargo.load(parcel);
        this.#waiting.take("", parcelBytes(parcel));
      },
      unload: (parcel, arrived) => {
        this.#waiting.give("", parcelBytes(parcel));
        this.#unload(parcel, arrived);
      },
    };
  }

  #keeper(): Keeper {
    return {
      keep: (holder, answer) => {
        if (E.isLeft(answer)) return answer;
        const bytes = parcelBytes(answer.right);
        if (!this.#answers.fits(holder, bytes)) {
          this.#discard(answer.right);
          const what = "an answer, with all that were not taken yet,";
          return E.left(tooLarge(what, this.#answers, holder, bytes));
        }
        this.#answers.take(holder, bytes);
        this.#cargo.load(answer.right);
        return answer;
      },
      drop: (holder, answer, arrived) => {
        if (E.isLeft(answer)) return;
        this.#answers.give(holder, parcelBytes(answer.right));
        this.#unload(answer.right, arrived);
      },
    };
  }

  #unload(parcel: Parcel, arrived: boolean): void {
    for (const link of this.#cargo.unload(parcel, arrived)) this.#power.send({ kind: "held", link });
  }

  /** Takes back what a parcel was to carry that is not sent. */
  #discard({ capabilities }: Parcel): void {
    for (const { link } of capabilities) {
      const served = this.#served.get(link);
      if (served !== undefined) this.#served.forget(served);
    }
  }

  // --- what the component says

  /** It provides a service from now on. */
  announce(service: string): Answer<void> {
    const bytes = service.length;
    if (bytes > MOST_SERVICE_NAME)
      return E.left({ tag: "TooLarge", what: "a service's name", bytes, limit: MOST_SERVICE_NAME });
    if (this.#announced.has(service)) return E.left({ tag: "AlreadyExists", path: service });
    if (this.#announced.size >= MOST_ANNOUNCED)
      return E.left({ tag: "QuotaExceeded", resource: "caps", wanted: 1, available: 0 });
    this.#announced.add(service);
    this.#power.send({ kind: "announce", service });
    return DONE;
  }

  /** It answers what it was asked. False where it was not asked, or not under this key. */
  answer(key: number, packet: string, bytes: readonly Uint8Array[]): boolean {
    const question = this.#served.question(key);
    const message = readOutgoing(packet, bytes);
    if (question === undefined) {
      if (message !== null) this.#handover.unsent(message);
      return false;
    }
    const { served, id } = question;
    if (message === null)
      return this.refuse(key, {
        tag: "Failed",
        service: "the service",
        message: "it answered with no message",
      });
    if (id === null) this.#opened(key, served, message);
    else this.#served.settle(key, served, id, this.#handover.parcel(message, served.holder));
    return true;
  }

  /** It rejects what it was asked. False as above. */
  refuse(key: number, error: SessionError): boolean {
    const question = this.#served.question(key);
    if (question === undefined) return false;
    const { served, id } = question;
    const told = this.#signed(error);
    if (id === null) this.#served.unopened(key, served, told);
    else this.#served.settle(key, served, id, E.left(told));
    return true;
  }

  /** An error of the component's own, as others are told it. */
  #signed(error: SessionError): SessionError {
    const bytes = JSON.stringify(error).length;
    const by = this.#name;
    if (bytes <= MOST_ERROR) return { ...error, by };
    return { tag: "TooLarge", what: `the error ${error.tag} of ${by}`, bytes, limit: MOST_ERROR, by };
  }

  #opened(key: number, served: ServedLink, { passed: [object] }: Outgoing): void {
    const nothing = { tag: "Failed", service: "the service", message: "its root gave no object" } as const;
    if (object === undefined) return this.#served.unopened(key, served, this.#signed(nothing));
    const refused = object[0] === 0 ? this.#handover.refusal(object[1]) : null;
    if (refused !== null) return this.#served.unopened(key, served, refused);
    if (object[0] === 0) served.selector = object[1];
    else this.#served.offer(served, object[1]);
    this.#served.opened(key, served);
  }

  /** Takes one of the component's objects away from all who hold it. */
  revoke(object: number): void {
    this.#served.revoke(object);
  }
  /** A capability is gone, and with it what was handed on of it. */
  dropped(selector: number): void {
    this.#served.dropped(selector);
  }
  /** Whether others have this capability from here. */
  isLent(selector: number): boolean {
    return this.#served.isLent(selector);
  }

  // --- what others say

  receive(message: ToDomain): void {
    if (this.#suspended) {
      this.#arrived.push(message);
      return;
    }
    this.#world.heard(message);
    switch (message.kind) {
      case "connected":
        return this.held.connected(message);
      case "replied":
        return this.held.replied(message);
      case "closed":
        return this.held.closed(message);
      case "open":
        return this.#served.open(message);
      case "called":
        return this.#served.called(message.call, message.from);
      case "received":
        return this.#served.get(message.link)?.received(message);
      case "waits":
        return this.#served.get(message.link)?.waits(message.waiting);
      case "left":
        return this.#served.left(message.link);
      case "fetched":
      case "taken":
      case "changed":
      case "gone":
      case "rejoined":
        return this.#memory.hear(message);
    }
  }

  // --- freeze and revival

  suspend(): void {
    this.#suspended = true;
  }

  resume(): void {
    this.#suspended = false;
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const message of arrived) this.receive(message);
  }

  /** What a snapshot keeps; null where there is nothing. */
  record(): ServiceRecord | null {
    const { nextGiven } = this.held;
    const isUnused = this.#served.isEmpty && this.#served.nextKey === 1 && nextGiven === FIRST_GIVEN;
    if (!this.announces && isUnused) return null;
    return { announced: [...this.#announced], ...this.#served.record(), nextGiven };
  }

  /** Before anything is acquired. `keeps`: whether a holder of this identity is still served; nobody whom its original
   *  served is a clone's to serve. */
  restore(record: ServiceRecord, keeps: (holder: string) => boolean): void {
    this.held.nextGiven = record.nextGiven;
    for (const service of record.announced) this.#announced.add(service);
    this.#served.restore(record, keeps);
  }

  /** Once everything is there: says what it serves, and goes on with what it had passed on. */
  serving(): void {
    this.#served.proceed();
    this.#power.send({ kind: "serving", services: [...this.#announced], links: this.#served.owned });
  }
}
