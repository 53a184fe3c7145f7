// Between the children of a host: who comes, goes, and says what to whom. What was said to a child that is not there is
// kept and said again to one that comes back; holders do the rest.
import type { SessionError } from "../../lib/error.ts";
import { systemClock, type ClockPower } from "../core/clock.ts";
import type { FromDomain, ToDomain } from "../core/link.ts";
import { DataspaceHomes } from "./dataspace-homes.ts";
import { LinkCalls } from "./link-calls.ts";
import { LinkEnds } from "./link-ends.ts";
import { LinkSessions } from "./link-sessions.ts";
import { LinkTable, type Link } from "./link-table.ts";
import { Parties, type Wanted } from "./parties.ts";
import type { FarParty, Party } from "./party.ts";
import { Ties } from "./ties.ts";

/** Who has come, gone for a while, or ended. */
export type Presence = (identity: string, how: "here" | "away" | "ended") => void;

/** How a child left: its image keeps what it held, or it is gone, or its revival came to nothing. */
export type Leaving = "frozen" | "ended" | "failed";

export class ServiceBroker {
  readonly #parties: Parties;
  /** What the children share of their memory. */
  readonly homes: DataspaceHomes;
  readonly #links: LinkTable;
  readonly #ends: LinkEnds;
  readonly #calls: LinkCalls;
  readonly #sessions: LinkSessions;
  /** What the children have to do with one another. */
  readonly ties: Ties;
  /** Told of the children of this host that come and go. */
  presence: Presence = () => {};
  /** Told of the end of the host. */
  closed: () => void = () => {};

  /** `wanted`: told of whoever is wanted and is not there. */
  constructor(clock: Pick<ClockPower, "after"> = systemClock, wanted: (who: Wanted) => void = () => {}) {
    const parties = new Parties(wanted);
    const homes = new DataspaceHomes((identity) => parties.get(identity));
    const links = new LinkTable((link) => homes.withdraw(link));
    const ends = new LinkEnds(parties, links);
    this.#parties = parties;
    this.homes = homes;
    this.#links = links;
    this.#ends = ends;
    this.#calls = new LinkCalls(parties, links, homes, ends, clock);
    this.#sessions = new LinkSessions(parties, links, homes, ends, this.#calls);
    this.ties = new Ties(parties, links, homes);
  }

  // --- those who come and go

  /** A child is about to live. */
  join(child: string, identity: string, say: (message: ToDomain) => void): void {
    const party = this.#parties.enter(child, identity, say);
    Object.assign(party, { say, state: "live", settled: false, far: false, services: new Set() });
    party.incarnation++;
    this.#parties.await(party);
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
    for (const { identity } of parties)
      for (const link of this.#links.ownedBy(identity)) this.#calls.flush(link);
    for (const { identity } of returning)
      for (const link of this.#links.heldBy(identity)) this.#calls.flush(link);
    for (const { identity } of parties) this.presence(identity, "here");
  }

  #begun(party: Party): void {
    const { identity, child } = party;
    // What was said since it said what it serves, while others of its group were still on their way.
    for (const link of party.left) party.say({ kind: "left", link });
    party.left = new Set();
    this.#parties.arrived(party);
    const former = this.#parties.named(child);
    this.#parties.name(party);
    if (former !== null && former !== party) this.#retire(former);
    for (const link of this.#links.heldBy(identity))
      if (link.since !== party.incarnation) this.#ends.close(link);
    for (const link of this.#links.leadingTo(child)) this.#sessions.seek(link);
  }

  /** Who is told what is said to a child from now on: itself, or whoever stands in for it while it rests. To others it
   *  is there all the time. */
  voice(identity: string, say: (message: ToDomain) => void): void {
    const party = this.#parties.get(identity);
    if (party !== undefined) party.say = say;
  }

  /** A child is no longer there. */
  leave(identity: string, how: Leaving): void {
    const party = this.#parties.live(identity);
    if (party === null) return;
    party.state = how === "ended" ? "ended" : "frozen";
    this.homes.left(identity, how === "ended");
    this.#parties.arrived(party);
    const named = this.#parties.named(party.child);
    for (const link of this.#links.heldBy(identity)) {
      // A session that a failed revival was given is given back; a delegation is its owner's to keep.
      const failed = how === "failed" && link.born === party.incarnation;
      if (failed && (link.session === null || link.owner === null)) this.#links.drop(link);
      else if (failed || how === "ended") this.#ends.close(link);
    }
    const awaiting = named === null || named === party ? this.#links.leadingTo(party.child) : [];
    for (const link of [...this.#links.ownedBy(identity), ...awaiting]) {
      if (how === "ended") this.#ends.orphan(link);
      else this.#calls.wait(link);
    }
    if (how === "ended" && party.child === "") this.#parties.forget(party);
    if (!party.far) this.presence(identity, how === "ended" ? "ended" : "away");
  }

  /** Another has its name. */
  #retire(party: Party): void {
    // One that lives on another host has not ended, whoever has its name here.
    if (party.state === "live" || party.far) return;
    for (const link of this.#links.heldBy(party.identity)) this.#ends.close(link);
    for (const link of this.#links.ownedBy(party.identity)) this.#ends.orphan(link);
    this.homes.left(party.identity, true);
    this.#parties.end(party);
    this.presence(party.identity, "ended");
  }

  // --- those who live on other hosts

  /** Somebody who lives on another host is in contact: `say` leads there. What that host knows nothing of is over.
   *  False where it lives here. */
  reach({ child, identity, services, owns, holds }: FarParty, say: (message: ToDomain) => void): boolean {
    if (this.#parties.live(identity)?.far === false) return false;
    const party = this.#parties.enter(child, identity, say);
    Object.assign(party, { say, state: "live", settled: true, far: true, services: new Set(services) });
    const named = this.#parties.named(child);
    if (named === null || named.state === "ended") this.#parties.name(party);
    const held = new Set(holds.map(({ link }) => link));
    for (const link of this.#links.heldBy(identity)) if (!held.has(link.link)) this.#ends.close(link);
    for (const { link, owner, child: other, opening } of holds)
      if (!opening) this.#sessions.claim(party, link, owner, other);
    this.#sessions.serving(party, services, owns);
    return true;
  }

  /** Says again to those of other hosts what a child waits for: what was said before they knew that it is here is lost. */
  repeat(identity: string): void {
    for (const link of this.#links.heldBy(identity)) {
      if (this.#parties.live(link.owner)?.far !== true) continue;
      if (link.open) this.#calls.flush(link);
      else if (link.session !== null) {
        this.#links.own(link, null);
        this.#sessions.seek(link);
      }
    }
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

  /** An owner takes a link away, for this reason. */
  withdraw(owner: string, name: string, error: SessionError): void {
    const link = this.#links.owned(owner, name);
    if (link !== null) this.#ends.refuse(link, error);
  }

  /** After a revival of a holder: what it waits for, said to the owner. */
  waits(holder: string, name: string, waiting: readonly string[]): void {
    const link = this.#links.held(holder, name);
    if (link === null) return;
    const owner = this.#parties.live(link.owner);
    if (owner === null) link.waits = waiting;
    else owner.say({ kind: "waits", link: name, waiting });
  }

  // --- what may be asked

  /** Whether somebody lives here and may be called. */
  isHere(identity: string): boolean {
    const party = this.#parties.live(identity);
    return party !== null && !party.far && party.settled;
  }

  /** Whether somebody of another host is in contact. */
  isReached(identity: string): boolean {
    return this.#parties.live(identity)?.far === true;
  }

  /** Whether somebody has been here, or in contact, since this host began. */
  knows(identity: string): boolean {
    return this.#parties.get(identity) !== undefined;
  }

  /** Whether somebody who was here, or in contact, has ended. */
  isOver(identity: string): boolean {
    return this.#parties.isOver(identity);
  }

  /** The services that a child has announced. */
  announced(child: string): readonly string[] {
    return [...(this.#parties.named(child)?.services ?? [])];
  }

  /** A link, by its name. */
  link(name: string): Link | undefined {
    return this.#links.get(name);
  }

  /** How many links there are. */
  get links(): number {
    return this.#links.all.length;
  }

  // --- what children say

  hear(identity: string, message: FromDomain): void {
    const party = this.#parties.live(identity);
    if (party === null) return;
    switch (message.kind) {
      case "announce":
        party.services.add(message.service);
        for (const link of this.#links.leadingTo(party.child)) this.#sessions.seek(link);
        return;
      case "serving":
        return this.#sessions.serving(party, message.services, message.links);
      case "connect":
        return this.#sessions.connect(party, message.link, message.target);
      case "attach":
        return this.#sessions.attach(party, message);
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
        return this.#calls.call(party, message);
      case "received": {
        const link = this.#links.held(identity, message.link);
        if (link !== null) this.#parties.live(link.owner)?.say(message);
        return;
      }
      case "close": {
        const link = this.#links.held(identity, message.link);
        if (link !== null) this.#ends.close(link);
        return;
      }
      case "opened":
        return this.#sessions.opened(party, message.link, message.error);
      case "reply":
        return this.#calls.reply(party, message.link, message.id, message.answer);
      case "held":
        if (this.#links.owned(identity, message.link) === null)
          party.say({ kind: "left", link: message.link });
        return;
      case "revoke": {
        const link = this.#links.owned(identity, message.link);
        if (link !== null) this.#ends.lose(link, "the capability");
        return;
      }
    }
  }

  /** Nobody waits any more. */
  close(): void {
    this.closed();
    for (const link of this.#links.all) this.#links.drop(link);
  }
}
