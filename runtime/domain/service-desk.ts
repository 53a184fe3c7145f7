// What a protection domain has to do with others of its host: sessions with their services, objects that it serves
// to them, capabilities that it was handed. Messages that its component sends are turned into parcels here, and
// parcels that come in into messages.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { FIRST_GIVEN, FIRST_SELECTOR, SERVE_CALL, SERVE_CLOSE, SERVE_OPEN } from "../../lib/guest/abi.ts";
import type { LinkCall, LinkPower, Sender, SessionTarget, ToDomain } from "../core/link.ts";
import {
  parcelBytes,
  parcelOf,
  parcelWith,
  readOutgoing,
  valuesOf,
  writeIncoming,
  type Outgoing,
  type Parcel,
  type PassedLink,
} from "../core/parcel.ts";
import { memoryBehind, type DataspaceMemory } from "../core/dataspace.ts";
import { Remote, type Carrier, type RemoteName, type RemotePosition } from "../core/remote.ts";
import { makeRemoteDataspace } from "../core/remote-dataspace.ts";
import { makeRemoteObject, remoteBehind } from "../core/remote-object.ts";
import { isNativeContract, isRemoteContract, passableContract } from "../core/remote-contract.ts";
import type { Answer, CoreObject } from "../core/service.ts";
import type { SharedName } from "../core/shared-message.ts";
import type { Waited } from "../intercept/interceptor.ts";
import type { RecordOf } from "../intercept/ledger.ts";
import { Allowance } from "./allowance.ts";
import { Cargo } from "./cargo.ts";
import type { MemoryDesk, RestoredCopy } from "./memory-desk.ts";
import { Intake } from "./intake.ts";
import { forgotten, ServedLink, type Keeper, type PassedOn, type Running } from "./served-link.ts";
import type { ServiceRecord } from "./service-record.ts";

/** Services that one component announces, and characters of each one's name. */
const MOST_ANNOUNCED = 256;
const MOST_SERVICE_NAME = 1024;
/** Bytes of all calls of a domain that have no answer yet. */
const MOST_WAITING_BYTES = 64 << 20;
/** Bytes of answers that are kept for one child until it has them. */
const MOST_KEPT_BYTES = 64 << 20;
/** Messages of one child's calls without an answer take up to this part of the component's RAM. */
const ASKED_PART = 8;
/** Characters of an error that a component rejects a call with. */
const MOST_ERROR = 16384;
/** Calls of one link that run at once. */
const MOST_RUNNING = 1024;

/** What the desk asks of its domain. */
export interface ServiceWorld {
  /** Delivers a request to the component. `key`: of the call that it is. */
  serve(form: number, packet: string | Uint8Array, key?: number): void;
  /** Bytes assigned, and in use. */
  ram(): { readonly quota: number; readonly used: number };
  /** Puts an object that came in at a selector; refused where the quota has no room. */
  give(
    selector: number,
    object: CoreObject,
    what: Pick<RecordOf<"delegated">, "service" | "native" | "child" | "bytes">,
  ): SessionError | null;
  /** A session was renewed when the domain had been back for a while. */
  renewed(remote: Remote): void;
  /** Takes a capability away. */
  drop(selector: number): void;
  /** Nobody has this capability from here any more, or fewer. */
  unlent(selector: number): void;
  object(selector: number): CoreObject | undefined;
  /** Now, in ms: on the child's own clock and on the wall. */
  ownTime(): number;
  wallTime(): number;
  /** Whether the past is being said again. */
  readonly replays: boolean;
  /** A name for a link. */
  name(): string;
  /** A message is taken in. */
  heard(message: ToDomain): void;
  /** Calls what the selector names on behalf of a holder, under a key that it keeps. A capability in the answer
   *  comes to lie at `fresh`. `waited`: for how long it was already called, before a freeze. */
  passOn(
    key: number,
    selector: number,
    method: string,
    args: unknown,
    waited: Waited | null,
    fresh: () => number,
    done: (answer: Answer<unknown>, fresh: number) => void,
  ): void;
}

/** A dataspace that a snapshot says was handed over. */
export interface RestoredDataspace {
  readonly name: SharedName;
  readonly copy: RestoredCopy | null;
}

const tooLarge = (what: string, allowance: Allowance, whom: string, bytes: number): SessionError => ({
  tag: "TooLarge",
  what,
  bytes: allowance.usedBy(whom) + bytes,
  limit: allowance.limit,
});

const DONE: Answer<void> = E.right(undefined);

const closed = (what: string): SessionError => ({ tag: "Closed", what });

/** A link that was requested, and the part of its calls' ids that is the incarnation's. */
export interface RequestedLink {
  readonly link: string;
  readonly epoch?: string | undefined;
}

export class ServiceDesk {
  readonly #name: string;
  readonly #world: ServiceWorld;
  readonly #power: LinkPower;
  readonly #memory: MemoryDesk;
  readonly #remotes = new Map<string, Remote>();
  /** Links that lead to dataspaces of others. */
  readonly #dataspaces = new Set<string>();
  readonly #served = new Map<string, ServedLink>();
  readonly #calls = new Map<number, { readonly served: ServedLink; readonly id: string | null }>();
  readonly #announced = new Set<string>();
  readonly #offers = new Map<number, number>();
  readonly #cargo = new Cargo();
  readonly #waiting = new Allowance(MOST_WAITING_BYTES);
  readonly #answers = new Allowance(MOST_KEPT_BYTES);
  readonly #carrier: Carrier = {
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
  readonly #keeper: Keeper = {
    keep: (holder, answer) => {
      if (E.isLeft(answer)) return answer;
      const bytes = parcelBytes(answer.right);
      if (!this.#answers.fits(holder, bytes)) {
        this.#discard(answer.right);
        return E.left(tooLarge("an answer, with all that were not taken yet,", this.#answers, holder, bytes));
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
  readonly #intake = new Intake(() => Math.floor(this.#world.ram().quota / ASKED_PART));
  readonly #requests = new WeakMap<Promise<unknown>, RequestedLink>();
  #again: RequestedLink | null = null;
  #nextKey = 1;
  #nextGiven = FIRST_GIVEN;
  #suspended = false;
  #arrived: ToDomain[] = [];

  /** `name`: the child's. */
  constructor(name: string, world: ServiceWorld, power: LinkPower, memory: MemoryDesk) {
    this.#name = name;
    this.#world = world;
    this.#power = power;
    this.#memory = memory;
  }

  /** Whether it announced a service. */
  get announces(): boolean {
    return this.#announced.size > 0;
  }

  #unload(parcel: Parcel, arrived: boolean): void {
    for (const link of this.#cargo.unload(parcel, arrived)) this.#power.send({ kind: "held", link });
  }

  /** Takes back what a parcel was to carry that is not sent. */
  #discard({ capabilities }: Parcel): void {
    for (const { link } of capabilities) {
      const served = this.#served.get(link);
      if (served !== undefined) this.#forget(served);
    }
  }

  /** Lets go of what a parcel brought that is not taken. */
  #decline({ capabilities }: Parcel): void {
    for (const { link } of capabilities)
      if (!this.#remotes.has(link)) this.#power.send({ kind: "close", link });
  }

  // --- sessions with others

  /** A link as its holder sees it. Its calls have ids of their own in each incarnation. */
  #remote(name: Omit<RemoteName, "epoch">, epoch = this.#world.name()): Remote {
    return new Remote({ ...name, epoch }, this.#power, this.#carrier);
  }

  /** Requests a session. The request keeps its link across a freeze: see `linkOf` and `again`. */
  connect(target: SessionTarget, isNative: boolean): Promise<Answer<CoreObject>> {
    const { child, service, patience } = target;
    const again = this.#again;
    const link = again?.link ?? this.#world.name();
    const epoch = this.#world.replays ? again?.epoch : undefined;
    const remote = this.#remote({ link, child, service, owner: "", patience }, epoch);
    const connected = this.#connect(remote, target, isNative);
    this.#requests.set(connected, { link, epoch: remote.epoch });
    return connected;
  }

  async #connect(remote: Remote, target: SessionTarget, isNative: boolean): Promise<Answer<CoreObject>> {
    this.#remotes.set(remote.link, remote);
    const answered = remote.connected();
    this.#power.send({ kind: "connect", link: remote.link, target });
    const error = await answered;
    if (error === null) return this.#object(remote, isNative);
    this.#remotes.delete(remote.link);
    return E.left(error);
  }

  /** The link of a request that has no answer yet. */
  linkOf(request: Promise<unknown>): RequestedLink | undefined {
    return this.#requests.get(request);
  }

  /** What `request` requests was requested before a freeze, by this link. */
  again(link: RequestedLink | null, request: () => void): void {
    this.#again = link;
    request();
    this.#again = null;
  }

  /** Goes on with a link of the past; a session that is gone becomes a new one, a delegation that is gone fails. For
   *  a clone, links of its original's are gone. */
  async reattach(
    position: RemotePosition,
    session: SessionTarget | null,
    service: string,
    isNative: boolean,
    isGone: boolean,
    dataspace: RestoredDataspace | null = null,
  ): Promise<Answer<CoreObject>> {
    const { owner } = position;
    const child = session?.child ?? position.child;
    const patience = session === null ? (position.patience ?? null) : session.patience;
    const link = isGone ? this.#world.name() : position.link;
    if (isGone && session === null)
      return E.left({
        tag: "Denied",
        service,
        label: "",
        reason: `${child} handed it to the original, not to a clone`,
      });
    const epoch = this.#world.replays ? position.ids?.epoch : undefined;
    const remote = this.#remote({ link, child, service, owner, patience }, epoch);
    // Calls to a session that is gone are made anew, and what they hand over is handed over anew.
    remote.restore(isGone ? { ...position, calls: [] } : position);
    if (this.#world.replays) remote.resume(position);
    const object = (): Answer<CoreObject> =>
      dataspace === null
        ? this.#object(remote, isNative)
        : E.right(this.#dataspace(remote, this.#memory.restore(dataspace.name, false, dataspace.copy)));
    if (position.closed) return object();
    this.#remotes.set(remote.link, remote);
    const answered = remote.connected();
    const delegated = session === null ? { child, owner, service, patience } : null;
    const named = dataspace?.name.id ?? null;
    this.#power.send({ kind: "attach", link, session, delegated, dataspace: named, waiting: remote.waiting });
    const error = await answered;
    if (error === null) {
      remote.renewed ||= isGone;
      return object();
    }
    this.#remotes.delete(remote.link);
    return E.left(error);
  }

  #object(remote: Remote, isNative: boolean): Answer<CoreObject> {
    return makeRemoteObject(remote, isNative, {
      outgoing: (message) => this.#parcel(message, remote.owner),
      unsent: (message) => this.#unsent(message),
      incoming: ({ parcel, from }) => {
        const bytes = parcelBytes(parcel);
        const limit = this.#mostAsked();
        if (bytes > limit) {
          this.#decline(parcel);
          return E.left({ tag: "TooLarge", what: `what ${remote.service} answered`, bytes, limit });
        }
        const selectors = this.#take(parcel.capabilities, from, remote.patience);
        return E.isLeft(selectors) ? selectors : E.right(writeIncoming([], parcel, selectors.right));
      },
      object: (passed, from) => this.#held(passed, from, remote.patience),
      dismissed: () => this.#dismiss(remote),
    });
  }

  /** `memory` was asked for in the name of this capability. */
  #dataspace(remote: Remote, memory: DataspaceMemory): CoreObject {
    this.#dataspaces.add(remote.link);
    return makeRemoteDataspace(remote, memory, () => {
      this.#dataspaces.delete(remote.link);
      this.#memory.drop(memory);
      this.#dismiss(remote);
    });
  }

  #dismiss(remote: Remote): void {
    this.#remotes.delete(remote.link);
    remote.dismiss();
  }

  // --- capabilities that go along

  /** A parcel for whoever has this identity, from what the component wrote. */
  #parcel(message: Outgoing, receiver: string): Answer<Parcel> {
    const { passed, body, bytes } = message;
    const refused = passed
      .map((each) => (each[0] === 0 ? this.#unpassable(each[1]) : null))
      .find((e) => e !== null);
    if (refused !== undefined) {
      this.#unsent(message);
      return E.left(refused);
    }
    const capabilities = passed.map((each): PassedLink => {
      const served = new ServedLink(this.#world.name(), receiver, this.#keeper);
      this.#served.set(served.link, served);
      if (each[0] === 0) return this.#passed(served, each[1]);
      const [, object, service, native] = each;
      served.object = object;
      this.#offers.set(object, (this.#offers.get(object) ?? 0) + 1);
      return { link: served.link, service, native };
    });
    return E.right({ body, bytes: [...bytes], capabilities });
  }

  /** The component's library counts the objects that it hands out: these were not. */
  #unsent({ passed }: Outgoing): void {
    for (const each of passed)
      if (each[0] === 1) this.#world.serve(SERVE_CLOSE, JSON.stringify([each[1], 1, 0]));
  }

  /** What goes along for what lies at a selector, behind a link. */
  #passed(served: ServedLink, selector: number): PassedLink {
    served.selector = selector;
    const object = this.#world.object(selector)!;
    const { contract } = object;
    const { link } = served;
    const passed = { link, service: contract.service, native: isNativeContract(contract) };
    const memory = memoryBehind(object);
    const shared = memory === undefined ? null : this.#memory.share(memory);
    return shared === null || E.isLeft(shared) ? passed : { ...passed, dataspace: shared.right };
  }

  #unpassable(selector: number): SessionError | null {
    const object = this.#world.object(selector);
    if (object === undefined) return closed(`capability ${selector}`);
    const memory = memoryBehind(object);
    const shared = memory === undefined ? null : this.#memory.share(memory);
    if (shared !== null && E.isLeft(shared)) return shared.left;
    const { contract } = object;
    const passable = isRemoteContract(contract) || passableContract(contract.service) === contract;
    // What every domain is born with is its own.
    if (passable && selector >= FIRST_SELECTOR) return null;
    return {
      tag: "Denied",
      service: contract.service,
      label: "",
      reason: "a capability of this type can't be handed to another component",
    };
  }

  /** Gives the component all capabilities of a parcel, or none. `patience`: for the child that they come from. */
  #take(links: readonly PassedLink[], from: Sender, patience: number | null): Answer<readonly number[]> {
    const selectors: number[] = [];
    for (const passed of links) {
      const taken = this.#adopt(passed, from, patience);
      if (E.isRight(taken)) {
        selectors.push(taken.right);
        continue;
      }
      for (const selector of selectors) this.#world.drop(selector);
      for (const { link } of links.slice(selectors.length)) this.#power.send({ kind: "close", link });
      return taken;
    }
    return E.right(selectors);
  }

  /** The object behind a link that this domain holds from now on. */
  #held(
    { link, service, native, dataspace }: PassedLink,
    { child, identity: owner }: Sender,
    patience: number | null,
  ): Answer<CoreObject> {
    if (this.#remotes.has(link)) return E.left(closed(`a capability from ${child}`));
    const remote = this.#remote({ link, child, service, owner, patience });
    const object =
      dataspace === undefined
        ? this.#object(remote, native)
        : E.right(this.#dataspace(remote, this.#memory.hold(dataspace)));
    if (E.isRight(object)) this.#remotes.set(link, remote);
    return object;
  }

  #adopt(passed: PassedLink, from: Sender, patience: number | null): Answer<number> {
    const object = this.#held(passed, from, patience);
    if (E.isLeft(object)) return object;
    const { link, service, native, dataspace } = passed;
    const selector = this.#nextGiven++;
    const what = { service, native, child: from.child };
    const given = dataspace === undefined ? what : { ...what, bytes: dataspace.bytes };
    const refused = this.#world.give(selector, object.right, given);
    if (refused === null) return E.right(selector);
    this.#remotes.delete(link);
    const memory = memoryBehind(object.right);
    if (memory !== undefined) this.#memory.drop(memory);
    return E.left(refused);
  }

  // --- what the component serves

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

  /** The component answers what it was asked. False where it was not asked, or not under this key. */
  answer(key: number, packet: string, bytes: readonly Uint8Array[]): boolean {
    const call = this.#calls.get(key);
    const read = readOutgoing(packet, bytes);
    if (call === undefined) {
      if (read !== null) this.#unsent(read);
      return false;
    }
    if (read === null) {
      this.refuse(key, { tag: "Failed", service: "the service", message: "it answered with no message" });
      return true;
    }
    if (call.id === null) {
      this.#opened(key, call.served, read);
      return true;
    }
    this.#settle(key, call.served, call.id, this.#parcel(read, call.served.holder));
    return true;
  }

  refuse(key: number, error: SessionError): boolean {
    const call = this.#calls.get(key);
    if (call === undefined) return false;
    const told = this.#signed(error);
    if (call.id !== null) this.#settle(key, call.served, call.id, E.left(told));
    else this.#unopened(key, call.served, told);
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
    const refused =
      object === undefined
        ? this.#signed({ tag: "Failed", service: "the service", message: "its root gave no object" })
        : object[0] === 0
          ? this.#unpassable(object[1])
          : null;
    if (object === undefined || refused !== null) return this.#unopened(key, served, refused!);
    if (object[0] === 0) served.selector = object[1];
    else {
      served.object = object[1];
      this.#offers.set(object[1], (this.#offers.get(object[1]) ?? 0) + 1);
    }
    this.#calls.delete(key);
    served.opening = null;
    this.#power.send({ kind: "opened", link: served.link, error: null });
  }

  #unopened(key: number, served: ServedLink, error: SessionError): void {
    this.#calls.delete(key);
    this.#served.delete(served.link);
    this.#power.send({ kind: "opened", link: served.link, error });
  }

  #settle(key: number, served: ServedLink, id: string, answer: Answer<Parcel>): void {
    this.#calls.delete(key);
    if (!this.#served.has(served.link)) return;
    const running = served.running.get(id);
    const told = served.answer(id, answer);
    this.#power.send({ kind: "reply", link: served.link, id, answer: told });
    if (running !== undefined) this.#left(served.holder, running);
  }

  /** Takes one of the component's objects away from all who hold it. */
  revoke(object: number): void {
    for (const served of [...this.#served.values()])
      if (served.object === object) {
        this.#forget(served);
        this.#power.send({ kind: "revoke", link: served.link });
      }
  }

  /** Whether others have this capability from here. */
  isLent(selector: number): boolean {
    return [...this.#served.values()].some((served) => served.selector === selector);
  }

  /** A capability is gone, and with it what was handed on of it. */
  dropped(selector: number): void {
    for (const served of [...this.#served.values()])
      if (served.selector === selector) {
        this.#forget(served);
        this.#power.send({ kind: "revoke", link: served.link });
      }
  }

  /** A call that the component was asked leaves its memory. */
  #left(holder: string, { passedOn, asked, bytes }: Running): void {
    if (passedOn === null && asked === null) this.#intake.leave(holder, bytes);
  }

  #forget(served: ServedLink): void {
    this.#served.delete(served.link);
    served.close();
    for (const running of served.running.values()) {
      this.#calls.delete(running.key);
      this.#left(served.holder, running);
    }
    if (served.opening !== null) this.#calls.delete(served.opening);
    const { object, selector, lent, session } = served;
    if (lent && selector !== null) this.#world.drop(selector);
    else if (selector !== null) this.#world.unlent(selector);
    const isHeld = object === null || [...this.#served.values()].some((each) => each.object === object);
    if (isHeld && session === null) return;
    const offers = isHeld ? 0 : (this.#offers.get(object) ?? 0);
    if (!isHeld) this.#offers.delete(object);
    this.#world.serve(SERVE_CLOSE, JSON.stringify([object ?? 0, offers, session ?? 0]));
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
        return this.#connected(message);
      case "replied": {
        const remote = this.#remotes.get(message.link);
        if (remote?.expects(message.id) === true) return;
        const taken = remote?.receive(message) ?? false;
        if (!taken && E.isRight(message.answer)) this.#decline(message.answer.right);
        return;
      }
      case "closed":
        this.#remotes.get(message.link)?.receive(message);
        if (this.#dataspaces.has(message.link)) this.#memory.revoked(message.link);
        return;
      case "open":
        return this.#open(message);
      case "called":
        return this.#called(message.call, message.from);
      case "received":
        return this.#served.get(message.link)?.received(message);
      case "waits":
        return this.#served.get(message.link)?.waits(message.waiting);
      case "fetched":
      case "taken":
      case "changed":
      case "gone":
      case "rejoined":
        return this.#memory.hear(message);
      case "left": {
        const served = this.#served.get(message.link);
        if (served !== undefined && !this.#cargo.left(message.link)) this.#forget(served);
        return;
      }
    }
  }

  #connected(message: Extract<ToDomain, { readonly kind: "connected" }>): void {
    const remote = this.#remotes.get(message.link);
    const isLate = remote?.connecting === false;
    const taken = remote?.receive(message) ?? false;
    if (!taken && message.error === null) this.#power.send({ kind: "close", link: message.link });
    if (remote !== undefined && isLate && message.renewed) this.#world.renewed(remote);
  }

  #open({ link, holder, client, service, label, args }: Extract<ToDomain, { readonly kind: "open" }>): void {
    const known = this.#served.get(link);
    if (known !== undefined) {
      // It was asked for before a freeze.
      if (known.open) this.#power.send({ kind: "opened", link, error: null });
      return;
    }
    const served = new ServedLink(link, holder, this.#keeper);
    const key = this.#nextKey++;
    served.opening = key;
    served.session = key;
    this.#served.set(link, served);
    this.#calls.set(key, { served, id: null });
    const parcel: Parcel = { body: args, bytes: [], capabilities: [] };
    this.#world.serve(SERVE_OPEN, writeIncoming([key, service, label, client], parcel, []));
  }

  #called(call: LinkCall, from: Sender): void {
    const { link, id, method, parcel } = call;
    const served = this.#served.get(link);
    const reply = (answer: Answer<Parcel>): void => this.#power.send({ kind: "reply", link, id, answer });
    const refuse = (error: SessionError): void => {
      this.#decline(parcel);
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
    const limit = served.selector === null ? this.#mostAsked() : Infinity;
    if (bytes > limit) {
      const answer = E.left({ tag: "TooLarge", what: `what ${method} is asked`, bytes, limit } as const);
      this.#decline(parcel);
      return reply(served.answer(id, answer));
    }
    const key = this.#nextKey++;
    this.#calls.set(key, { served, id });
    if (served.selector === null) {
      served.running.set(id, { id, key, passedOn: null, asked: { method, parcel, from }, bytes });
      return this.#ask(served, id);
    }
    const passedOn = { method, parcel, from, own: this.#world.ownTime(), wall: this.#world.wallTime() };
    served.running.set(id, { id, key, passedOn, asked: null, bytes });
    this.#passOn(served, id, key, passedOn, null);
  }

  /** The largest message that the component can take in: reading it takes about three times its bytes. */
  #mostAsked(): number {
    const { quota, used } = this.#world.ram();
    return Math.max(Math.floor((quota - used) / 3), Math.floor(quota / ASKED_PART));
  }

  /** Asks the component, as soon as what it was asked before leaves room. */
  #ask(served: ServedLink, id: string): void {
    const { bytes } = served.running.get(id)!;
    this.#intake.ask(served.holder, bytes, () => {
      const running = served.running.get(id);
      if (running === undefined || running.asked === null || !this.#served.has(served.link)) return false;
      const { method, parcel, from } = running.asked;
      const selectors = this.#take(parcel.capabilities, from, null);
      if (E.isLeft(selectors)) {
        this.#settle(running.key, served, id, selectors);
        return false;
      }
      served.running.set(id, { ...running, asked: null });
      const packet = writeIncoming([running.key, served.object, method], parcel, selectors.right);
      this.#world.serve(SERVE_CALL, packet, running.key);
      return true;
    });
  }

  // --- capabilities that are handed on

  #passOn(
    served: ServedLink,
    id: string,
    key: number,
    { method, parcel, from }: PassedOn,
    waited: Waited | null,
  ): void {
    const selector = served.selector!;
    const object = this.#world.object(selector);
    const remote = object === undefined ? undefined : remoteBehind(object);
    const settle = (answer: Answer<Parcel>): void => this.#settle(key, served, id, answer);
    const refuse = (error: SessionError): void => {
      this.#decline(parcel);
      settle(E.left(error));
    };
    if (object === undefined) return refuse(closed("the capability"));
    if (remote !== undefined) {
      const by = `${served.link}:${id}`;
      const refused = remote.refusal(parcelBytes(parcel), by);
      if (refused !== null) return refuse(refused);
      const handed = (): Answer<Parcel> => this.#rehand(parcel, from, remote.owner, null);
      void remote.call(method, handed, by).then((reply) => {
        if (E.isLeft(reply)) settle(reply);
        else if (!this.#served.has(served.link)) this.#decline(reply.right.parcel);
        else settle(this.#rehand(reply.right.parcel, reply.right.from, served.holder, remote.patience));
      });
      return;
    }
    // Types of the library's own take none.
    this.#decline(parcel);
    const values = valuesOf(method, parcel);
    if (E.isLeft(values)) return settle(values);
    this.#world.passOn(
      key,
      selector,
      method,
      values.right,
      waited,
      () => this.#nextGiven++,
      (answer, fresh) => settle(this.#ownAnswer(answer, fresh, served.holder)),
    );
  }

  #ownAnswer(answer: Answer<unknown>, fresh: number, holder: string): Answer<Parcel> {
    if (E.isLeft(answer)) return answer;
    if (fresh === 0) return E.right(parcelOf(answer.right));
    return E.right(parcelWith(this.#lend(fresh, holder)));
  }

  /** A link to a selector that is there for the link alone. */
  #lend(selector: number, holder: string): PassedLink {
    const served = new ServedLink(this.#world.name(), holder, this.#keeper);
    served.lent = true;
    this.#served.set(served.link, served);
    return this.#passed(served, selector);
  }

  /** The same parcel for another receiver: the capabilities in it go by way of this domain. */
  #rehand(parcel: Parcel, from: Sender, receiver: string, patience: number | null): Answer<Parcel> {
    if (parcel.capabilities.length === 0) return E.right(parcel);
    const taken = this.#take(parcel.capabilities, from, patience);
    if (E.isLeft(taken)) return taken;
    return E.right({
      ...parcel,
      capabilities: taken.right.map((selector) => this.#lend(selector, receiver)),
    });
  }

  #waited({ own, wall }: PassedOn): Waited {
    return { own: this.#world.ownTime() - own, wall: this.#world.wallTime() - wall };
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
    if (!this.announces && this.#served.size === 0 && this.#nextKey === 1 && this.#nextGiven === FIRST_GIVEN)
      return null;
    return {
      announced: [...this.#announced],
      served: [...this.#served.values()].map((served) => served.record()),
      offers: [...this.#offers],
      nextKey: this.#nextKey,
      nextGiven: this.#nextGiven,
    };
  }

  /** Before anything is acquired. `keeps`: whether a holder of this identity is still served; nobody whom its original
   *  served is a clone's to serve. */
  restore(record: ServiceRecord, keeps: (holder: string) => boolean): void {
    this.#nextKey = record.nextKey;
    this.#nextGiven = record.nextGiven;
    for (const service of record.announced) this.#announced.add(service);
    for (const [object, offers] of record.offers) this.#offers.set(object, offers);
    for (const each of record.served) {
      const served = ServedLink.from(each, this.#keeper);
      this.#served.set(served.link, served);
      if (served.opening !== null) this.#calls.set(served.opening, { served, id: null });
      for (const { id, key, passedOn, asked, bytes } of served.running.values()) {
        this.#calls.set(key, { served, id });
        if (passedOn === null && asked === null) this.#intake.inside(served.holder, bytes);
      }
    }
    for (const served of [...this.#served.values()]) if (!keeps(served.holder)) this.#forget(served);
  }

  /** Once everything is there: says what it serves, and goes on with what it had passed on. */
  serving(): void {
    for (const served of [...this.#served.values()])
      for (const { id, key, passedOn } of [...served.running.values()])
        if (passedOn !== null) this.#passOn(served, id, key, passedOn, this.#waited(passedOn));
    const asked = [...this.#served.values()].flatMap((served) =>
      [...served.running.values()]
        .filter((each) => each.asked !== null)
        .map(({ id, key }) => ({ served, id, key })),
    );
    for (const { served, id } of asked.sort((a, b) => a.key - b.key)) this.#ask(served, id);
    this.#power.send({
      kind: "serving",
      services: [...this.#announced],
      links: [...this.#served.values()].map(({ link, holder, open }) => ({ link, holder, open })),
    });
  }
}
