// Between the children of a host: who announced what, which links there are, and what was said to a child that is not
// there. It keeps each call until it is answered and says it again to an owner that comes back; holders do the rest.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { systemClock, type ClockPower } from "../core/clock.ts";
import type {
  DelegatedTarget,
  FromDomain,
  LinkCall,
  OwnedLink,
  Sender,
  SessionTarget,
  ToDomain,
} from "../core/link.ts";
import type { Parcel } from "../core/parcel.ts";
import type { Answer } from "../core/service.ts";
import { DataspaceHomes } from "./dataspace-homes.ts";
import { LinkTable, type Link } from "./link-table.ts";
import { OUTSIDE, type FarParty, type Party } from "./party.ts";

/** What a child has to do with another one. */
export interface Tie {
  readonly child: string;
  /** Of the other one. */
  readonly identity: string;
  /** Whether it is the other one that serves. */
  readonly serves: boolean;
  /** What the session is with; null where it is something that was handed over. */
  readonly session: { readonly service: string; readonly label: string } | null;
  readonly link: string;
  /** It leads to a dataspace that both have. */
  readonly shares: boolean;
  /** The other one lives on another host. */
  readonly far: boolean;
}

/** A session of a child with somebody of whom only the name is known: nobody of it has been there since this host began. */
export interface Unled {
  readonly link: string;
  /** Whom its route leads to. */
  readonly child: string;
  readonly session: { readonly service: string; readonly label: string };
}

/** Who has come, gone for a while, or ended. */
export type Presence = (identity: string, how: "here" | "away" | "ended") => void;

/** How a child left: its image keeps what it held, or it is gone, or its revival came to nothing. */
export type Leaving = "frozen" | "ended" | "failed";

/** A child that others want, by its name where they don't know who it is. */
export type Wanted = { readonly child: string } | { readonly identity: string };

const NOBODY: Sender = { identity: "", child: "" };

const noService = ({ service, label }: SessionTarget): SessionError => ({
  tag: "NoSuchService",
  service,
  label,
});

/** Memory that two children share lies on one host. */
const hasMemory = ({ capabilities }: Parcel): boolean =>
  capabilities.some(({ dataspace }) => dataspace !== undefined);

const notFar = ({ child }: Link): SessionError => ({
  tag: "Denied",
  service: "Dataspace",
  label: "",
  reason: `a dataspace can't be handed on over a session with ${child} that is carried between two hosts`,
});

const nameOf = ({ session, child }: Link): string =>
  session === null ? `the capability from ${child}` : session.service;

export class ServiceBroker {
  readonly #parties = new Map<string, Party>();
  /** Identities of children that have ended and whose names are others' now. */
  readonly #ended = new Set<string>();
  /** The identity that a child's name stands for now. */
  readonly #names = new Map<string, string>();
  /** The identity of who is about to have a name. */
  readonly #coming = new Map<string, string>();
  /** What the children share of their memory. */
  readonly homes = new DataspaceHomes((identity) => this.#parties.get(identity));
  readonly #links = new LinkTable((link) => this.homes.withdraw(link));
  readonly #clock: Pick<ClockPower, "after">;
  readonly #wanted: (who: Wanted) => void;
  /** Told of the children of this host that come and go. */
  presence: Presence = () => {};
  /** Told of the end of the host. */
  closed: () => void = () => {};

  /** `wanted`: told of whoever is wanted and is not there. */
  constructor(clock: Pick<ClockPower, "after"> = systemClock, wanted: (who: Wanted) => void = () => {}) {
    this.#clock = clock;
    this.#wanted = wanted;
  }

  /** A child is about to live. */
  join(child: string, identity: string, say: (message: ToDomain) => void): void {
    const known = this.#parties.get(identity);
    const party: Party = known ?? {
      ...{ child, identity, state: "live", say, services: new Set() },
      ...{ incarnation: 0, left: new Set(), settled: false, far: false },
    };
    party.far = false;
    party.say = say;
    party.state = "live";
    party.settled = false;
    party.incarnation++;
    party.services = new Set();
    this.#parties.set(identity, party);
    this.#ended.delete(identity);
    if (child !== "") this.#coming.set(child, identity);
  }

  /**
   * Children have begun, one or several together: what they do not hold any more is closed, and who had their names
   * before them does not come back.
   */
  settled(...identities: readonly string[]): void {
    const parties = identities.flatMap((identity) => this.#parties.get(identity) ?? []);
    const returning = parties.filter(({ identity }) => this.homes.isReturning(identity));
    for (const party of parties) party.settled = true;
    // What was written into memory before a call is there before the call.
    for (const { identity } of parties) this.homes.settled(identity);
    for (const party of parties) this.#begun(party);
    for (const { identity } of parties) for (const link of this.#links.ownedBy(identity)) this.#flush(link);
    for (const { identity } of returning) for (const link of this.#links.heldBy(identity)) this.#flush(link);
    for (const { identity } of parties) this.presence(identity, "here");
  }

  #begun(party: Party): void {
    const { identity, child } = party;
    // What was said since it said what it serves, while others of its group were still on their way.
    for (const link of party.left) party.say({ kind: "left", link });
    party.left = new Set();
    this.#arrived(party);
    const former = this.#named(child);
    if (child !== "") this.#names.set(child, identity);
    if (former !== null && former !== party) this.#retire(former);
    for (const link of this.#links.heldBy(identity)) if (link.since !== party.incarnation) this.#close(link);
    for (const link of this.#links.leadingTo(child)) this.#seek(link);
  }

  /** Nobody is waited for under its name any more. */
  #arrived({ child, identity }: Party): void {
    if (this.#coming.get(child) === identity) this.#coming.delete(child);
  }

  /** Who is told what is said to a child from now on: itself, or whoever stands in for it while it rests. To others it
   *  is there all the time. */
  voice(identity: string, say: (message: ToDomain) => void): void {
    const party = this.#parties.get(identity);
    if (party !== undefined) party.say = say;
  }

  /** A child is no longer there. */
  leave(identity: string, how: Leaving): void {
    const party = this.#parties.get(identity);
    if (party === undefined || party.state !== "live") return;
    party.state = how === "ended" ? "ended" : "frozen";
    this.homes.left(identity, how === "ended");
    this.#arrived(party);
    const named = this.#named(party.child);
    for (const link of this.#links.heldBy(identity)) {
      // A session that a failed revival was given is given back; a delegation is its owner's to keep.
      const failed = how === "failed" && link.born === party.incarnation;
      if (failed && (link.session === null || link.owner === null)) this.#links.drop(link);
      else if (failed || how === "ended") this.#close(link);
    }
    const awaiting = named === null || named === party ? this.#links.leadingTo(party.child) : [];
    for (const link of [...this.#links.ownedBy(identity), ...awaiting]) {
      if (how === "ended") this.#gone(link);
      else this.#wait(link);
    }
    if (how === "ended" && party.child === "") this.#parties.delete(identity);
    if (!party.far) this.presence(identity, how === "ended" ? "ended" : "away");
  }

  /** Another has its name. */
  #retire(party: Party): void {
    // One that lives on another host has not ended, whoever has its name here.
    if (party.state === "live" || party.far) return;
    for (const link of this.#links.heldBy(party.identity)) this.#close(link);
    for (const link of this.#links.ownedBy(party.identity)) this.#gone(link);
    this.homes.left(party.identity, true);
    this.#parties.delete(party.identity);
    this.#ended.add(party.identity);
    this.presence(party.identity, "ended");
  }

  /** How many links there are. */
  get links(): number {
    return this.#links.all.length;
  }

  /** The other children that a child shares links with. Outside parties and those who are gone are not among them. */
  ties(identity: string): readonly Tie[] {
    const tieOf = (link: Link, serves: boolean): readonly Tie[] => {
      const other = serves ? link.owner : link.holder;
      // One that has not announced its service yet is found by its name.
      const party = other === null ? this.#leading(link.child) : (this.#parties.get(other) ?? null);
      if (party === null || party.identity === identity) return [];
      if (party.state === "ended" || party.child === "") return [];
      const { session } = link;
      return [
        {
          ...{ child: party.child, identity: party.identity, far: party.far, serves, link: link.link },
          session: session === null ? null : { service: session.service, label: session.label },
          shares: this.homes.isShared(link.link),
        },
      ];
    };
    return [
      ...this.#links.heldBy(identity).flatMap((link) => tieOf(link, true)),
      ...this.#links.ownedBy(identity).flatMap((link) => tieOf(link, false)),
    ];
  }

  /** The sessions of a child whose servers have not been there since this host began. */
  unled(identity: string): readonly Unled[] {
    return this.#links.heldBy(identity).flatMap(({ link, owner, child, session }) => {
      if (owner !== null || session === null || this.#leading(child) !== null) return [];
      return [{ link, child, session: { service: session.service, label: session.label } }];
    });
  }

  /** What a child serves to children that have not been there since this host began: links, and whose they are. */
  unheld(identity: string): readonly { readonly link: string; readonly holder: string }[] {
    return this.#links
      .ownedBy(identity)
      .filter(({ holder }) => !this.#parties.has(holder) && !this.#isHeldNoMore(holder))
      .map(({ link, holder }) => ({ link, holder }));
  }

  // --- those who live on other hosts

  /** Somebody who lives on another host is in contact: `say` leads there. What that host knows nothing of is over.
   *  False where it lives here. */
  reach({ child, identity, services, owns, holds }: FarParty, say: (message: ToDomain) => void): boolean {
    const known = this.#parties.get(identity);
    if (known?.state === "live" && !known.far) return false;
    const party: Party = known ?? {
      ...{ child, identity, state: "live", say, services: new Set() },
      ...{ incarnation: 0, left: new Set(), settled: true, far: true },
    };
    Object.assign(party, { say, state: "live", settled: true, far: true, services: new Set(services) });
    this.#parties.set(identity, party);
    this.#ended.delete(identity);
    const named = this.#named(child);
    if (named === null || named.state === "ended") this.#names.set(child, identity);
    const held = new Set(holds.map(({ link }) => link));
    for (const link of this.#links.heldBy(identity)) if (!held.has(link.link)) this.#close(link);
    for (const each of holds) if (!each.opening) this.#claim(party, each);
    this.#serving(party, services, owns);
    return true;
  }

  /** A link that somebody of another host holds, they say there. */
  #claim(party: Party, { link: name, owner, child }: FarParty["holds"][number]): void {
    const known = this.#links.get(name);
    if (known?.holder === party.identity) return;
    const other = this.#parties.get(owner);
    const isGone = other?.state === "ended" || this.#ended.has(owner);
    const isLost = other?.state === "live" && other.settled;
    if (known !== undefined || isGone || isLost)
      return party.say({
        kind: "closed",
        link: name,
        error: { tag: "Closed", what: `the session with ${child}` },
      });
    const unknown = { session: null, service: "", label: "", patience: null };
    this.#links.add({ link: name, holder: party.identity, owner, child, ...unknown }, party.incarnation);
  }

  /** Says again to those of other hosts what a child waits for: what was said before they knew that it is here is lost. */
  repeat(identity: string): void {
    for (const link of this.#links.heldBy(identity)) {
      const owner = this.#live(link.owner);
      if (owner?.far !== true) continue;
      if (link.open) this.#flush(link);
      else if (link.session !== null) this.#seek(this.#unowned(link));
    }
  }

  #unowned(link: Link): Link {
    this.#links.own(link, null);
    return link;
  }

  /** Somebody of another host is no longer in contact, or has ended there. */
  part(identity: string, how: "frozen" | "ended"): void {
    if (this.#parties.get(identity)?.far === true) this.leave(identity, how);
  }

  /** Somebody has left for another host: what it has with those who live elsewhere, too, nobody here hears of. */
  forget(identity: string, isElsewhere: (identity: string) => boolean): void {
    for (const link of [...this.#links.heldBy(identity), ...this.#links.ownedBy(identity)]) {
      const other = link.holder === identity ? link.owner : link.holder;
      if (other !== null && isElsewhere(other)) this.#links.drop(link);
    }
  }

  /** Whether somebody lives here and may be called. */
  isHere(identity: string): boolean {
    const party = this.#parties.get(identity);
    return party !== undefined && !party.far && party.state === "live" && party.settled;
  }

  /** Whether somebody of another host is in contact. */
  isReached(identity: string): boolean {
    const party = this.#parties.get(identity);
    return party?.far === true && party.state === "live";
  }

  /** What a child has announced, and its links, for the hosts of those at their other ends. */
  outline(identity: string): {
    readonly child: string;
    readonly services: readonly string[];
    readonly links: readonly Link[];
  } {
    const links = [...this.#links.heldBy(identity), ...this.#links.ownedBy(identity)];
    const { child = "", services = [] } = this.#parties.get(identity) ?? {};
    return { child, services: [...services], links };
  }

  /** Whether somebody has been here, or in contact, since this host began. */
  knows(identity: string): boolean {
    return this.#parties.has(identity);
  }

  /** Whether somebody who was here, or in contact, has ended. */
  isOver(identity: string): boolean {
    return this.#ended.has(identity) || this.#parties.get(identity)?.state === "ended";
  }

  /** An owner takes a link away, for this reason. */
  withdraw(owner: string, name: string, error: SessionError): void {
    const link = this.#links.get(name);
    if (link === undefined || link.owner !== owner) return;
    this.#links.drop(link);
    if (link.connecting) this.#connected(link, error);
    else this.#tell(link.holder, { kind: "closed", link: name, error });
  }

  /** A link, by its name. */
  link(name: string): Link | undefined {
    return this.#links.get(name);
  }

  /** After a revival of a holder: what it waits for, said to the owner. */
  waits(holder: string, name: string, waiting: readonly string[]): void {
    const link = this.#links.get(name);
    if (link?.holder !== holder) return;
    const owner = this.#live(link.owner);
    if (owner === null) link.waits = waiting;
    else owner.say({ kind: "waits", link: name, waiting });
  }

  /** The services that a child has announced. */
  announced(child: string): readonly string[] {
    return [...(this.#named(child)?.services ?? [])];
  }

  // --- what children say

  hear(identity: string, message: FromDomain): void {
    const party = this.#parties.get(identity);
    if (party === undefined || party.state !== "live") return;
    switch (message.kind) {
      case "announce":
        party.services.add(message.service);
        for (const link of this.#links.leadingTo(party.child)) this.#seek(link);
        return;
      case "serving":
        return this.#serving(party, message.services, message.links);
      case "connect":
        return this.#connect(party, message.link, message.target);
      case "attach":
        return this.#attach(party, message);
      case "share":
      case "fetch":
      case "leave":
      case "differ":
      case "free":
      case "digested":
      case "rest":
      case "rejoin":
        return this.homes.hear(party, message);
      case "call":
        return this.#call(party, message);
      case "received": {
        const link = this.#held(party, message.link);
        if (link !== null) this.#live(link.owner)?.say(message);
        return;
      }
      case "close": {
        const link = this.#held(party, message.link);
        if (link !== null) this.#close(link);
        return;
      }
      case "opened":
        return this.#opened(party, message.link, message.error);
      case "reply":
        return this.#reply(party, message.link, message.id, message.answer);
      case "held":
        if (this.#owned(party, message.link) === null) party.say({ kind: "left", link: message.link });
        return;
      case "revoke": {
        const link = this.#owned(party, message.link);
        if (link === null) return;
        this.#links.drop(link);
        return this.#tellClosed(link, "the capability");
      }
    }
  }

  #tell(identity: string, message: ToDomain): void {
    const party = this.#parties.get(identity);
    if (party?.state === "live") party.say(message);
    else this.#wanted({ identity });
  }

  #tellClosed(link: Link, what: string): void {
    this.#tell(link.holder, { kind: "closed", link: link.link, error: { tag: "Closed", what } });
  }

  /** A link of this name that the child holds, or owns. */
  #held({ identity }: Party, name: string): Link | null {
    const link = this.#links.get(name);
    return link?.holder === identity ? link : null;
  }
  #owned({ identity }: Party, name: string): Link | null {
    const link = this.#links.get(name);
    return link?.owner === identity ? link : null;
  }

  #live(identity: string | null): Party | null {
    const party = identity === null ? undefined : this.#parties.get(identity);
    return party?.state === "live" ? party : null;
  }

  /** The party that a name stands for. */
  #named(child: string): Party | null {
    const identity = this.#names.get(child);
    return identity === undefined ? null : (this.#parties.get(identity) ?? null);
  }

  /** The same, or whoever is about to have the name. */
  #leading(child: string): Party | null {
    return this.#parties.get(this.#coming.get(child) ?? "") ?? this.#named(child);
  }

  // --- sessions

  #session(holder: Party, link: string, session: SessionTarget): Link {
    const { child, service, label, patience } = session;
    const made = { link, holder: holder.identity, owner: null, child, session, service, label, patience };
    return this.#links.add(made, holder.incarnation, { vouched: true });
  }

  #connect(holder: Party, name: string, target: SessionTarget): void {
    const known = this.#links.get(name);
    if (known !== undefined && known.holder !== holder.identity) return;
    // It may have been asked for before a freeze of the holder, and be there by now.
    const link = known ?? this.#session(holder, name, target);
    link.since = holder.incarnation;
    link.session = target;
    link.connecting = true;
    if (link.open) this.#connected(link, null);
    else this.#seek(link);
  }

  /** Opens a session as soon as its child has announced the service. */
  #seek(link: Link): void {
    const { session } = link;
    if (session === null || link.open || link.owner !== null) return;
    const party = this.#leading(link.child);
    if (party?.state === "ended") return this.#gone(link);
    if (party?.state !== "live" || !party.settled || !party.services.has(session.service)) {
      if (party?.state !== "live") this.#wanted({ child: link.child });
      this.#wait(link);
      return;
    }
    link.timer?.();
    link.timer = null;
    this.#links.own(link, party.identity);
    const { service, label, args } = session;
    const client = this.#parties.get(link.holder)?.child ?? "";
    party.say({ kind: "open", link: link.link, holder: link.holder, client, service, label, args });
  }

  #connected(link: Link, error: SessionError | null, renewed = false): void {
    link.connecting = false;
    const owner = link.owner ?? "";
    this.#tell(link.holder, { kind: "connected", link: link.link, owner, error, renewed });
  }

  #opened(owner: Party, name: string, error: SessionError | null): void {
    const link = this.#owned(owner, name);
    if (link === null || link.open) return;
    if (error !== null) {
      this.#links.drop(link);
      if (link.connecting) return this.#connected(link, error);
      return this.#tell(link.holder, { kind: "closed", link: link.link, error });
    }
    link.open = true;
    this.#connected(link, null, !link.connecting && !link.told);
    this.#flush(link);
  }

  // --- those who come back

  #serving(party: Party, services: readonly string[], owned: readonly OwnedLink[]): void {
    for (const service of services) party.services.add(service);
    const { left } = party;
    party.left = new Set();
    const owns = new Set(owned.map(({ link }) => link));
    for (const each of owned) {
      const link = this.#links.get(each.link);
      const isAnother =
        link !== undefined &&
        (link.owner === null ? link.child !== party.child : link.owner !== party.identity);
      if (left.has(each.link) || isAnother || (link === undefined && this.#isHeldNoMore(each.holder)))
        party.say({ kind: "left", link: each.link });
      else this.#owns(party, each, link);
    }
    for (const link of [...this.#links.ownedBy(party.identity), ...this.#links.leadingTo(party.child)])
      if (!owns.has(link.link)) this.#lost(link);
  }

  /** A holder that lives, and did not say that it holds it, does not; nor does one outside that has gone. */
  #isHeldNoMore(holder: string): boolean {
    const party = this.#parties.get(holder);
    if (party === undefined) return holder.startsWith(OUTSIDE) || this.#ended.has(holder);
    return party.state === "ended" || (party.state === "live" && party.settled);
  }

  #owns(party: Party, { link: name, holder, open }: OwnedLink, known: Link | undefined): void {
    // Whoever says that it holds what it was never given does not.
    const isForged = known !== undefined && known.holder !== holder && !known.vouched;
    if (isForged) {
      this.#links.drop(known);
      this.#tellClosed(known, nameOf(known));
    }
    if (known === undefined || isForged) {
      const { identity: owner, child } = party;
      const unknown = { session: null, service: "", label: "", patience: null };
      this.#links.add({ link: name, holder, owner, child, ...unknown }, 0, { open, vouched: true });
      return;
    }
    this.#links.own(known, party.identity);
    known.open = open;
    known.vouched = true;
    if (known.waits !== null) party.say({ kind: "waits", link: name, waiting: known.waits });
    known.waits = null;
    if (known.connecting && known.open) this.#connected(known, null);
    this.#flush(known);
  }

  /** The owner came back without it. */
  #lost(link: Link): void {
    const isSought = link.session !== null && (link.owner === null || link.connecting || link.waits !== null);
    this.#links.own(link, null);
    link.open = false;
    if (isSought) {
      if (link.waits !== null) this.#lapse(link, link.waits);
      return this.#seek(link);
    }
    this.#links.drop(link);
    this.#tellClosed(link, nameOf(link));
  }

  /** What was called in a session that is gone may have run there: it is not run in the next one. */
  #lapse(link: Link, waiting: readonly string[]): void {
    link.waits = null;
    link.lapsed = new Set(waiting);
    for (const { call } of [...link.calls.values()])
      if (link.lapsed.has(call.id)) this.#answer(link, call.id, { tag: "Interrupted", method: call.method });
  }

  #attach(
    holder: Party,
    { link: name, session, delegated, dataspace, waiting }: Extract<FromDomain, { readonly kind: "attach" }>,
  ): void {
    const known = this.#links.get(name);
    const child = session?.child ?? delegated?.child ?? "";
    const connected = (owner: string | null, error: SessionError | null, renewed: boolean): void =>
      holder.say({ kind: "connected", link: name, owner: owner ?? "", error, renewed });
    if (known !== undefined && known.holder !== holder.identity) {
      const { service } = session ?? delegated!;
      const label = session?.label ?? "";
      return connected(null, { tag: "Denied", service, label, reason: "another child holds it" }, false);
    }
    if (known !== undefined && known.child === child && !this.homes.isGone(name)) {
      known.since = holder.incarnation;
      known.session = session;
      known.patience = session?.patience ?? delegated?.patience ?? null;
      const owner = this.#live(known.owner);
      if (dataspace !== null) this.homes.grant(name, dataspace, null, holder.identity);
      if (owner === null) known.waits = waiting;
      else owner.say({ kind: "waits", link: name, waiting });
      return connected(known.owner, null, false);
    }
    // Its route leads to another child now.
    if (known !== undefined) this.#close(known);
    if (session === null) {
      const [owner, error] = this.#reclaim(holder, name, delegated!, waiting);
      if (error === null && dataspace !== null) this.homes.grant(name, dataspace, null, holder.identity);
      return connected(owner, error, false);
    }
    const party = this.#leading(child);
    if (party?.state === "ended") return connected(null, noService(session), false);
    const made = this.#session(holder, name, session);
    if (party === null || party.state === "frozen" || !party.settled) {
      made.waits = waiting;
      return connected(null, null, false);
    }
    connected(null, null, true);
    made.told = true;
    this.#lapse(made, waiting);
    this.#seek(made);
  }

  /** Whose capability it is that a child says it was handed, and why it is not given back. */
  #reclaim(
    holder: Party,
    link: string,
    { child, owner, service, patience }: DelegatedTarget,
    waiting: readonly string[],
  ): [owner: string | null, error: SessionError | null] {
    const party = this.#parties.get(owner);
    const gone = this.#ended.has(owner) || party?.state === "ended";
    if (!gone && (party === undefined || (party.state === "live" && !party.settled))) {
      // A child that has not come up yet may still own it.
      const made = {
        link,
        holder: holder.identity,
        owner,
        child,
        session: null,
        service,
        label: "",
        patience,
      };
      this.#links.add(made, holder.incarnation).waits = waiting;
      return [owner, null];
    }
    const reason = gone ? `${child}, which handed it over, has ended` : `${child} has taken it back`;
    return [null, { tag: "Denied", service, label: "", reason }];
  }

  // --- calls

  #call(holder: Party, call: LinkCall): void {
    const link = this.#held(holder, call.link);
    if (link === null) {
      const answer = E.left({ tag: "Closed", what: "the session" } as const);
      return holder.say({ kind: "replied", link: call.link, id: call.id, answer, from: NOBODY });
    }
    if (link.lapsed?.delete(call.id) === true)
      return this.#answer(link, call.id, { tag: "Interrupted", method: call.method });
    const owner = link.owner === null ? undefined : this.#parties.get(link.owner);
    if (owner?.far === true && hasMemory(call.parcel)) {
      this.#refuse(call.parcel, holder);
      return this.#answer(link, call.id, notFar(link));
    }
    if (owner !== undefined) this.#pass(call.parcel, holder, owner, null);
    if (!link.calls.has(call.id)) link.calls.set(call.id, { call, timer: null });
    // What it wrote before the call is there before the call.
    const isEarly = this.homes.isReturning(holder.identity);
    if (owner?.state !== "live")
      this.#wanted(link.owner === null ? { child: link.child } : { identity: link.owner });
    if (owner?.state !== "live" || !owner.settled || !link.open || isEarly) return this.#wait(link);
    owner.say({ kind: "called", call, from: { identity: holder.identity, child: holder.child } });
  }

  /** Says again what has no answer. */
  #flush(link: Link): void {
    const owner = this.#live(link.owner);
    const holder = this.#parties.get(link.holder);
    if (owner === null || !owner.settled || holder === undefined || !link.open) return;
    if (this.homes.isReturning(link.holder)) return;
    const from: Sender = { identity: holder.identity, child: holder.child };
    for (const waiting of [...link.calls.values()]) {
      waiting.timer?.();
      waiting.timer = null;
      if (owner.far && hasMemory(waiting.call.parcel)) {
        this.#answer(link, waiting.call.id, notFar(link));
        continue;
      }
      this.#pass(waiting.call.parcel, holder, owner, null);
      owner.say({ kind: "called", call: waiting.call, from });
    }
  }

  #reply(owner: Party, name: string, id: string, answer: Answer<Parcel>): void {
    const link = this.#owned(owner, name);
    const holder = link === null ? undefined : this.#parties.get(link.holder);
    if (link !== null && holder === undefined) this.#wanted({ identity: link.holder });
    if (link === null || holder === undefined) {
      if (E.isRight(answer)) this.#refuse(answer.right, owner);
      return;
    }
    if (holder.far && E.isRight(answer) && hasMemory(answer.right)) {
      this.#refuse(answer.right, owner);
      return this.#answer(link, id, notFar(link));
    }
    this.#forget(link, id);
    if (E.isRight(answer)) this.#pass(answer.right, owner, holder, link.patience);
    const from: Sender = { identity: owner.identity, child: owner.child };
    this.#tell(link.holder, { kind: "replied", link: name, id, answer, from });
  }

  /** Answers a call for an owner that does not. */
  #answer(link: Link, id: string, error: SessionError): void {
    this.#forget(link, id);
    this.#tell(link.holder, { kind: "replied", link: link.link, id, answer: E.left(error), from: NOBODY });
  }

  #forget(link: Link, id: string): void {
    link.calls.get(id)?.timer?.();
    link.calls.delete(id);
  }

  /** A child that is not there is waited for as long as the route says. */
  #wait(link: Link): void {
    const { patience, service, label } = link;
    if (patience === null) return;
    const error: SessionError = { tag: "Unavailable", service, label, waited: patience };
    if (link.connecting)
      link.timer ??= this.#clock.after(patience, () => {
        this.#close(link);
        this.#connected(link, error);
      });
    for (const [id, waiting] of link.calls)
      waiting.timer ??= this.#clock.after(patience, () => this.#answer(link, id, error));
  }

  /** Capabilities in a parcel become links between those who say it and those who hear it. `patience`: the
   *  receiver's, for who gave it to it. */
  #pass({ capabilities }: Parcel, owner: Party, holder: Party, patience: number | null): void {
    for (const { link, service, dataspace } of capabilities) {
      const known = this.#links.get(link);
      if (known?.holder === holder.identity) known.since = holder.incarnation;
      if (known !== undefined) continue;
      const ends = { holder: holder.identity, owner: owner.identity, child: owner.child };
      const made = { link, ...ends, session: null, service, label: "", patience };
      this.#links.add(made, holder.incarnation, { open: true, vouched: true });
      if (dataspace !== undefined) this.homes.grant(link, dataspace.id, owner.identity, holder.identity);
    }
  }

  /** Nobody gets what a parcel carries. */
  #refuse({ capabilities }: Parcel, owner: Party): void {
    for (const { link } of capabilities)
      if (this.#links.get(link) === undefined) owner.say({ kind: "left", link });
  }

  // --- ends

  /** The holder has let go of it. */
  #close(link: Link): void {
    this.#links.drop(link);
    const owner = link.owner === null ? undefined : this.#parties.get(link.owner);
    if (owner === undefined || owner.state === "ended") return;
    if (owner.state === "live" && owner.settled) owner.say({ kind: "left", link: link.link });
    else owner.left.add(link.link);
  }

  /** The owner has ended. */
  #gone(link: Link): void {
    this.#links.drop(link);
    if (link.connecting && link.session !== null) return this.#connected(link, noService(link.session));
    this.#tellClosed(link, `${nameOf(link)}, whose child has ended,`);
  }

  /** Nobody waits any more. */
  close(): void {
    this.closed();
    for (const link of this.#links.all) this.#links.drop(link);
  }
}
