// The links that a protection domain holds: sessions with others, and capabilities that it was handed. What its
// component calls leaves by them, and what others send comes in by them.
import { E } from "../../lib/fp.ts";
import { FIRST_GIVEN } from "../../lib/guest/abi.ts";
import { memoryBehind, type DataspaceMemory } from "../core/dataspace.ts";
import type { LinkPower, Sender, SessionTarget, ToDomain } from "../core/link.ts";
import { parcelBytes, writeIncoming, type Outgoing, type Parcel, type PassedLink } from "../core/parcel.ts";
import { Remote, type Carrier, type RemoteName, type RemotePosition, type Reply } from "../core/remote.ts";
import { makeRemoteDataspace } from "../core/remote-dataspace.ts";
import { makeRemoteObject } from "../core/remote-object.ts";
import type { Answer, CoreObject } from "../core/service.ts";
import type { SharedName } from "../core/shared-message.ts";
import type { MemoryDesk, RestoredCopy } from "./memory-desk.ts";
import type { ServiceWorld } from "./service-world.ts";

/** A dataspace that a snapshot says was handed over. */
export interface RestoredDataspace {
  readonly name: SharedName;
  readonly copy: RestoredCopy | null;
}

/** A link that was requested, and the part of its calls' ids that is the incarnation's. */
export interface RequestedLink {
  readonly link: string;
  readonly epoch?: string | undefined;
}

/** What goes out by these links. */
export interface Outbound {
  readonly carrier: Carrier;
  /** A parcel for whoever has this identity, from what the component wrote. */
  parcel(message: Outgoing, receiver: string): Answer<Parcel>;
  /** It was refused before that. */
  unsent(message: Outgoing): void;
}

export class HeldLinks {
  readonly #world: ServiceWorld;
  readonly #power: LinkPower;
  readonly #memory: MemoryDesk;
  readonly #outbound: Outbound;
  /** Bytes of the largest message that the component can take in. */
  readonly #limit: () => number;
  readonly #remotes = new Map<string, Remote>();
  /** Links that lead to dataspaces of others. */
  readonly #dataspaces = new Set<string>();
  readonly #requests = new WeakMap<Promise<unknown>, RequestedLink>();
  #again: RequestedLink | null = null;
  /** The next selector for what comes in. */
  nextGiven = FIRST_GIVEN;

  constructor(
    world: ServiceWorld,
    power: LinkPower,
    memory: MemoryDesk,
    outbound: Outbound,
    limit: () => number,
  ) {
    this.#world = world;
    this.#power = power;
    this.#memory = memory;
    this.#outbound = outbound;
    this.#limit = limit;
  }

  // --- sessions

  /** A link as its holder sees it. Its calls have ids of their own in each incarnation. */
  #remote(name: Omit<RemoteName, "epoch">, epoch = this.#world.name()): Remote {
    return new Remote({ ...name, epoch }, this.#power, this.#outbound.carrier);
  }

  /** Requests a session. The request keeps its link across a freeze: see `linkOf` and `again`. */
  connect(target: SessionTarget, isNative: boolean): Promise<Answer<CoreObject>> {
    const { child, service, patience } = target;
    const again = this.#again;
    const link = again?.link ?? this.#world.name();
    const epoch = this.#world.goesOn ? again?.epoch : undefined;
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
    const epoch = this.#world.goesOn ? position.ids?.epoch : undefined;
    const remote = this.#remote({ link, child, service, owner, patience }, epoch);
    // Calls to a session that is gone are made anew, and what they hand over is handed over anew.
    remote.restore(isGone ? { ...position, calls: [] } : position);
    if (this.#world.goesOn) remote.resume(position);
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

  // --- what lies behind a link

  #object(remote: Remote, isNative: boolean): Answer<CoreObject> {
    return makeRemoteObject(remote, isNative, {
      outgoing: (message) => this.#outbound.parcel(message, remote.owner),
      unsent: (message) => this.#outbound.unsent(message),
      incoming: (reply) => this.#incoming(remote, reply),
      object: (passed, from) => this.#held(passed, from, remote.patience),
      dismissed: () => this.#dismiss(remote),
    });
  }

  /** A reply as the component reads it. */
  #incoming({ service, patience }: Remote, { parcel, from }: Reply): Answer<string | Uint8Array> {
    const bytes = parcelBytes(parcel);
    const limit = this.#limit();
    if (bytes > limit) {
      this.decline(parcel);
      return E.left({ tag: "TooLarge", what: `what ${service} answered`, bytes, limit });
    }
    const selectors = this.take(parcel.capabilities, from, patience);
    return E.isLeft(selectors) ? selectors : E.right(writeIncoming([], parcel, selectors.right));
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

  // --- capabilities that come in

  /** Gives the component all capabilities of a parcel, or none. `patience`: for the child that they come from. */
  take(links: readonly PassedLink[], from: Sender, patience: number | null): Answer<readonly number[]> {
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

  /** Lets go of what a parcel brought that is not taken. */
  decline({ capabilities }: Parcel): void {
    for (const { link } of capabilities)
      if (!this.#remotes.has(link)) this.#power.send({ kind: "close", link });
  }

  /** The object behind a link that this domain holds from now on. */
  #held(
    { link, service, native, dataspace }: PassedLink,
    { child, identity: owner }: Sender,
    patience: number | null,
  ): Answer<CoreObject> {
    if (this.#remotes.has(link)) return E.left({ tag: "Closed", what: `a capability from ${child}` });
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
    const selector = this.nextGiven++;
    const what = { service, native, child: from.child };
    const given = dataspace === undefined ? what : { ...what, bytes: dataspace.bytes };
    const refused = this.#world.give(selector, object.right, given);
    if (refused === null) return E.right(selector);
    this.#remotes.delete(link);
    const memory = memoryBehind(object.right);
    if (memory !== undefined) this.#memory.drop(memory);
    return E.left(refused);
  }

  // --- what others say

  connected(message: Extract<ToDomain, { readonly kind: "connected" }>): void {
    const remote = this.#remotes.get(message.link);
    const isLate = remote?.connecting === false;
    const taken = remote?.receive(message) ?? false;
    if (!taken && message.error === null) this.#power.send({ kind: "close", link: message.link });
    if (remote !== undefined && isLate && message.renewed) this.#world.renewed(remote);
  }

  replied(message: Extract<ToDomain, { readonly kind: "replied" }>): void {
    const remote = this.#remotes.get(message.link);
    if (remote?.expects(message.id) === true) return;
    const taken = remote?.receive(message) ?? false;
    if (!taken && E.isRight(message.answer)) this.decline(message.answer.right);
  }

  closed(message: Extract<ToDomain, { readonly kind: "closed" }>): void {
    this.#remotes.get(message.link)?.receive(message);
    if (this.#dataspaces.has(message.link)) this.#memory.revoked(message.link);
  }
}
