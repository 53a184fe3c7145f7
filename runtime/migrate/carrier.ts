// Carries sessions between children of this host and those of peers. Whoever lives elsewhere has a stand-in here, a party
// of the broker's like any child: it is frozen while there is no contact, and what is said to it goes over the link. The
// calls' own numbers, which their holders and owners keep, see to it that each runs once: see
// docs/decisions/carried-sessions.md.
import { E, type Either } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { ToDomain } from "../core/link.ts";
import { parcelBytes } from "../core/parcel.ts";
import { routeFor, type Route } from "../core/route.ts";
import type { StartConfig } from "../host/host-config.ts";
import type { HostError } from "../host/host-error.ts";
import type { Link } from "../host/link-table.ts";
import type { LiveHost } from "../host/live-host.ts";
import {
  CARRIED,
  MOST_CARRIED,
  type CarriedMessage,
  type CarriedOf,
  type CarriedTie,
} from "./carried-message.ts";
import { AskedCalls } from "./asked-calls.ts";
import type { Channel } from "./channel.ts";
import { Contact } from "./contact.ts";
import { migrateProse, type MigrateError } from "./migrate-error.ts";
import { heardParcel, mirrored } from "./mirrored.ts";
import { Retries } from "./retries.ts";
import type { Whereabouts, WhereaboutsBook } from "./whereabouts.ts";

export interface CarrierOptions {
  /** What this host is known by among its peers: its key; between hosts of one process, its name. */
  readonly own: string;
  readonly live: LiveHost;
  readonly book: WhereaboutsBook;
  readonly entry: (name: string) => StartConfig | undefined;
  /** Opens a channel to a peer, and greets it. */
  readonly dial: (peer: string) => Promise<Either<MigrateError, Channel>>;
  /** What a peer is called here. */
  readonly nameOf: (peer: string) => string;
  /** See `ContactOptions`. */
  readonly settled: () => Promise<void>;
  /** Whether somebody who came here in this epoch, and does not live here now, has ended. */
  readonly hasEnded: (child: string, identity: string, epoch: number) => Promise<boolean>;
  readonly warn: (child: string, text: string) => void;
}

/** A session that leads to another host, for people. */
export interface CarriedReport {
  readonly with: string;
  readonly at: string;
  readonly contact: boolean;
}

const denied = (service: string, label: string, reason: string): SessionError => ({
  tag: "Denied",
  ...{ service, label, reason },
});

export class Carrier {
  readonly #options: CarrierOptions;
  /** By identity, those who live elsewhere. */
  readonly #away = new Map<string, Whereabouts>();
  readonly #contacts = new Map<string, Contact>();
  readonly #asked = new Map<string, AskedCalls>();
  /** Those who left, in the time of this host. */
  readonly #gone = new Set<string>();
  /** Those who came, whether or not they have come to life yet. */
  readonly #come = new Set<string>();
  readonly #retries = new Retries();
  #closed = false;

  constructor(options: CarrierOptions) {
    this.#options = options;
    options.live.broker.presence = (identity) => void this.#changed(identity);
  }

  /** Takes up what former hosts of the state directory have noted. */
  async recover(): Promise<void> {
    for (const each of await this.#options.book.all()) this.#away.set(each.identity, each);
    this.#reach();
  }

  get #peers(): ReadonlySet<string> {
    return new Set([...this.#away.values()].map(({ at }) => at));
  }

  #at(peer: string): readonly Whereabouts[] {
    return [...this.#away.values()].filter(({ at }) => at === peer);
  }

  // --- who goes, and who comes

  /** The links of children that leave for `to` with those who stay behind: which sessions are carried. Left: one of them
   *  can't be. */
  ties(
    names: readonly string[],
    to: string,
  ): Either<MigrateError, ReadonlyMap<string, readonly CarriedTie[]>> {
    const all = new Map<string, readonly CarriedTie[]>();
    for (const child of names) {
      const ties: CarriedTie[] = [];
      for (const tie of this.#options.live.ties(child)) {
        if (names.includes(tie.child) && !tie.far) continue;
        const refused = this.#refusal(child, tie, to);
        if (refused !== null) return E.left({ tag: "Unfit", child, reason: refused });
        const { link, identity, child: other, serves, session } = tie;
        const known = this.#options.live.identityOf(other);
        const generation =
          known?.identity === identity ? known.generation : (this.#away.get(identity)?.epoch ?? 1);
        const there = tie.far && this.#away.get(identity)?.at === to;
        ties.push({ link, identity, child: other, generation, there, serves, session });
      }
      all.set(child, ties);
    }
    return E.right(all);
  }

  #refusal(
    child: string,
    { child: other, serves, session, shares, far, identity }: ReturnType<LiveHost["ties"]>[number],
    to: string,
  ): string | null {
    if (shares) return `shares a dataspace with ${other}, which would stay behind: they go together`;
    const [client, server] = serves ? [child, other] : [other, child];
    if (session !== null) {
      const { service, label } = session;
      const route = routeFor(this.#options.entry(client)?.routes ?? [], service, label);
      const what = `${service}${label === "" ? "" : ` "${label}"`}`;
      if (route?.local === true)
        return (
          `can't leave ${other} behind: the session of ${client} with ${server}, ${what}, has the route ` +
          `{ service: ${route.service}, to: { child: ${route.child ?? ""} }, local: true }: they go together`
        );
    }
    const at = far ? this.#away.get(identity)?.at : undefined;
    if (at !== undefined && at !== to)
      return `has a session with ${other} that is carried to ${this.#options.nameOf(at)}: it can go there, or come back together`;
    return null;
  }

  /** Children have left for a peer: what is noted of each. */
  leaving(
    leavers: readonly { readonly name: string; readonly identity: string; readonly generation: number }[],
    ties: ReadonlyMap<string, readonly CarriedTie[]>,
    to: string,
  ): readonly Whereabouts[] {
    return leavers.flatMap(({ name, identity, generation }): Whereabouts[] => {
      const all = ties.get(name) ?? [];
      const sessions = all.flatMap(({ link, serves, session }) =>
        serves && session !== null ? [{ link, ...session }] : [],
      );
      return all.length === 0 ? [] : [{ identity, child: name, at: to, epoch: generation + 1, sessions }];
    });
  }

  /** That was decided, and they are here no more. */
  async left(
    leavers: readonly { readonly identity: string }[],
    noted: readonly Whereabouts[],
    ties: ReadonlyMap<string, readonly CarriedTie[]>,
  ): Promise<void> {
    for (const { identity } of leavers) {
      this.#gone.add(identity);
      this.#come.delete(identity);
    }
    for (const each of noted) this.#away.set(each.identity, each);
    // Who finds all others there has left nobody behind, unless one of them has come here meanwhile.
    for (const { identity, child } of noted) {
      const isHere = (other: string): boolean =>
        this.#come.has(other) || this.#options.live.broker.isHere(other);
      if ((ties.get(child) ?? []).every((tie) => tie.there && !isHere(tie.identity)))
        await this.#drop(identity);
    }
    await this.#tidy();
    for (const peer of this.#contacts.keys()) this.#expect(peer);
    this.#reach();
  }

  /** Children come from a peer, with links to those who stayed there. Noted before they come to life. */
  async arrived(
    children: readonly { readonly identity: string }[],
    ties: readonly CarriedTie[],
    from: string,
    isTakenHere: (child: string) => boolean,
  ): Promise<Either<HostError, void>> {
    const { book, live } = this.#options;
    for (const { identity } of children) {
      this.#gone.delete(identity);
      this.#come.add(identity);
      await this.#drop(identity);
    }
    for (const { identity, child, generation: epoch, there, serves, session } of ties) {
      // Whoever has a server's name here has its place, for a route leads to the name; and one that the source took to
      // be here may have gone there meanwhile.
      const isTaken = ((serves && session !== null) || there) && isTakenHere(child);
      if (isTaken || live.broker.isHere(identity)) continue;
      if (children.some((each) => each.identity === identity)) continue;
      const known = this.#away.get(identity);
      if (known !== undefined && known.at !== from) continue;
      const noted: Whereabouts = known ?? { identity, child, at: from, epoch, sessions: [] };
      const done = await book.note(noted);
      if (E.isLeft(done)) return done;
      this.#away.set(identity, noted);
      // It is heard anew, now that there is more to say.
      live.broker.part(identity, "frozen");
    }
    return E.right(undefined);
  }

  /** They have come to life. */
  landed(from: string): void {
    this.#expect(from);
    this.#reach();
  }

  /** Whoever nobody here has to do with any more need not be asked for. */
  async #tidy(): Promise<void> {
    const { broker } = this.#options.live;
    for (const { identity } of [...this.#away.values()]) {
      const links = broker.outline(identity).links;
      const hasOwn = links.some(({ holder, owner }) => {
        const other = holder === identity ? owner : holder;
        return other !== null && !this.#away.has(other) && !this.#gone.has(other) && !broker.isOver(other);
      });
      // Of one that was not in contact since this host began the links may not be known yet.
      if (!hasOwn && broker.knows(identity)) await this.#drop(identity);
    }
  }

  async #drop(identity: string): Promise<void> {
    if (!this.#away.delete(identity)) return;
    this.#asked.delete(identity);
    await this.#options.book.drop(identity);
  }

  // --- contact

  #reach(): void {
    for (const peer of this.#peers) if (!this.#contacts.has(peer)) this.#retry(peer);
  }

  #retry(peer: string, later = false): void {
    const attempt = async (): Promise<boolean> => {
      if (this.#closed || this.#contacts.has(peer) || this.#at(peer).length === 0) return true;
      const channel = await this.#options.dial(peer);
      if (E.isLeft(channel)) return false;
      await channel.right.send({ kind: "carry", version: CARRIED });
      const answer = await channel.right.next(["carrying"]);
      if (E.isLeft(answer) || answer.right.version !== CARRIED || this.#closed) {
        channel.right.close();
        return this.#contacts.has(peer) || this.#closed;
      }
      void this.#begin(channel.right, peer, true);
      return true;
    };
    this.#retries.until(peer, attempt, { later });
  }

  /** A peer has called to carry sessions. Resolves when that is over. */
  async serve(channel: Channel, peer: string, version: number): Promise<void> {
    const known = this.#contacts.get(peer);
    const isKept = known?.called === true && this.#options.own < peer;
    if (version !== CARRIED || isKept || this.#closed) {
      const reason = isKept ? "there is a connection already" : `version ${CARRIED} is spoken here`;
      await channel.send({ kind: "refused", name: "Carry", reason });
      return;
    }
    await channel.send({ kind: "carrying", version: CARRIED });
    await this.#begin(channel, peer, false);
  }

  async #begin(channel: Channel, peer: string, called: boolean): Promise<void> {
    const { settled, warn, nameOf } = this.#options;
    const contact: Contact = new Contact({
      ...{ channel, called, settled },
      heard: (message) => this.#contacts.get(peer) === contact && this.#hear(message, peer, contact),
    });
    const former = this.#contacts.get(peer);
    this.#contacts.set(peer, contact);
    former?.cut();
    this.#part(peer);
    this.#expect(peer);
    const why = await contact.run();
    channel.close();
    if (why.tag === "Protocol")
      warn("", `what ${nameOf(peer)} said of carried sessions is refused: ${migrateProse(why)}`);
    if (this.#contacts.get(peer) !== contact) return;
    this.#contacts.delete(peer);
    this.#part(peer);
    // Who says what it may not is not called again at once.
    if (!this.#closed) setImmediate(() => this.#retry(peer, why.tag === "Protocol"));
  }

  /** Nobody there is in contact any more. */
  #part(peer: string): void {
    for (const { identity } of this.#at(peer)) {
      this.#asked.delete(identity);
      this.#options.live.broker.part(identity, "frozen");
    }
  }

  #expect(peer: string): void {
    const children = this.#at(peer).map(({ identity, child, epoch }) => ({ identity, child, epoch }));
    this.#contacts.get(peer)?.say({ kind: "expects", children: children.slice(0, MOST_CARRIED) });
  }

  // --- what is told of those who live here

  async #changed(identity: string): Promise<void> {
    for (const [peer, contact] of this.#contacts)
      if (contact.expected.has(identity)) await this.#tell(peer, contact, identity, "", 0);
  }

  /** Tells a peer how somebody is whom it takes to live here. */
  async #tell(peer: string, contact: Contact, identity: string, child: string, epoch: number): Promise<void> {
    const { live, hasEnded } = this.#options;
    const { broker } = live;
    if (broker.isHere(identity)) {
      contact.say(this.#here(peer, identity));
      return broker.repeat(identity);
    }
    if (live.rests(child)) void live.wake([child]);
    const isOver = broker.isOver(identity) || (child !== "" && (await hasEnded(child, identity, epoch)));
    if (broker.isHere(identity)) return;
    contact.say({ kind: isOver ? "ended" : "away", identity });
    if (!isOver) return;
    await this.#tidy();
    this.#expect(peer);
  }

  #here(peer: string, identity: string): CarriedMessage {
    const { broker } = this.#options.live;
    const { child, services, links } = broker.outline(identity);
    const isThere = (other: string | null): other is string =>
      other !== null && this.#away.get(other)?.at === peer;
    const leading = (link: Link): string | null =>
      link.owner ?? this.#at(peer).find((each) => each.child === link.child)?.identity ?? null;
    const generation = this.#options.live.identityOf(child)?.generation ?? 0;
    return {
      ...{ kind: "here", identity, generation },
      services: this.#at(peer).length === 0 ? [] : services,
      owns: links
        .filter(({ owner, holder }) => owner === identity && isThere(holder))
        .map(({ link, holder, open }) => ({ link, holder, open })),
      holds: links.flatMap((each) => {
        const owner = leading(each);
        if (each.holder !== identity || !isThere(owner)) return [];
        const { link, session, open, connecting } = each;
        const what = { service: session?.service ?? "", label: session?.label ?? "" };
        return [{ link, owner, ...what, opening: connecting && !open }];
      }),
    };
  }

  // --- what a peer says

  #hear(message: CarriedMessage, peer: string, contact: Contact): boolean {
    const { broker } = this.#options.live;
    switch (message.kind) {
      case "expects":
        contact.expected.clear();
        // Neither has anything to do with the other any more.
        if (message.children.length === 0 && this.#at(peer).length === 0) contact.cut();
        for (const { identity, child, epoch } of message.children) {
          contact.expected.add(identity);
          void this.#tell(peer, contact, identity, child, epoch);
        }
        return true;
      case "here":
        this.#arrives(message, peer, contact);
        return true;
      case "away":
      case "ended": {
        const where = this.#away.get(message.identity);
        if (where?.at !== peer) return true;
        this.#asked.delete(message.identity);
        broker.part(message.identity, message.kind === "ended" ? "ended" : "frozen");
        if (message.kind === "ended") void this.#over(message.identity);
        return true;
      }
      case "connect":
        this.#connect(message, peer, contact);
        return true;
      case "call":
        return this.#call(message, peer);
      case "received": {
        const { link, received, oldest } = message;
        const holder = this.#speaker(link, "holder", peer);
        if (holder !== null) broker.hear(holder, { kind: "received", link, received, oldest });
        return true;
      }
      case "waits": {
        const holder = this.#speaker(message.link, "holder", peer);
        if (holder !== null) broker.waits(holder, message.link, message.waiting);
        return true;
      }
      case "close": {
        const holder = this.#speaker(message.link, "holder", peer);
        if (holder !== null) broker.hear(holder, { kind: "close", link: message.link });
        return true;
      }
      case "opened": {
        const { link, error } = message;
        const owner = this.#speaker(link, "owner", peer);
        if (owner !== null) broker.hear(owner, { kind: "opened", link, error });
        return true;
      }
      case "reply": {
        const { link, id, answer } = message;
        const owner = this.#speaker(link, "owner", peer);
        const told = E.isLeft(answer) ? answer : E.right(heardParcel(answer.right));
        if (owner !== null) broker.hear(owner, { kind: "reply", link, id, answer: told });
        return true;
      }
      case "revoke": {
        const owner = this.#speaker(message.link, "owner", peer);
        if (owner !== null) broker.withdraw(owner, message.link, message.error);
        return true;
      }
    }
  }

  /** Who holds or owns a link, where that is somebody for whom this peer speaks; null for what is over. */
  #speaker(name: string, end: "holder" | "owner", peer: string): string | null {
    const identity = this.#options.live.broker.link(name)?.[end] ?? null;
    return identity !== null && this.#away.get(identity)?.at === peer ? identity : null;
  }

  async #over(identity: string): Promise<void> {
    const peer = this.#away.get(identity)?.at;
    await this.#drop(identity);
    await this.#tidy();
    if (peer !== undefined) this.#expect(peer);
  }

  /** Somebody who lives there is in contact. What its sessions are with is granted by the routes of its entry here. */
  #arrives(
    { identity, generation, services, owns, holds }: CarriedOf<"here">,
    peer: string,
    contact: Contact,
  ): void {
    const where = this.#away.get(identity);
    // It has been on its way elsewhere meanwhile, or is an incarnation of old.
    if (where === undefined || where.at !== peer || generation < where.epoch) return;
    const { live, book } = this.#options;
    if (generation > where.epoch) {
      const now = { ...where, epoch: generation };
      this.#away.set(identity, now);
      void book.note(now);
    }
    const granted = holds.filter(({ link, owner, service, label }) => {
      const known = where.sessions.find((each) => each.link === link);
      const session = known ?? { service, label };
      if (session.service === "") return true;
      const { child: server } = live.broker.outline(owner);
      const refused = this.#refused(where.child, session.service, session.label, server);
      if (refused === null) return true;
      contact.say({ kind: "revoke", link, error: refused });
      this.#options.warn(
        where.child,
        `its session from ${this.#options.nameOf(peer)} is denied: ${session.service}`,
      );
      return false;
    });
    this.#asked.set(identity, new AskedCalls());
    const far = {
      ...{ child: where.child, identity, services, owns },
      holds: granted.map(({ link, owner, opening }) => {
        return { link, owner, child: live.broker.outline(owner).child, opening };
      }),
    };
    live.broker.reach(far, (message) => this.#say(peer, identity, message));
  }

  /** Why somebody who lives elsewhere has no session with a child of this host; null where its entry here grants one.
   *  `server`: whom it leads to, where that is known. */
  #refused(client: string, service: string, label: string, server: string): SessionError | null {
    const config = this.#options.entry(client);
    const here = `the host of ${server === "" ? service : server}`;
    if (config === undefined) return denied(service, label, `${here} has no start entry for ${client}`);
    const route: Route | null = routeFor(config.routes, service, label);
    if (route?.child === undefined || (server !== "" && route.child !== server))
      return denied(service, label, `no route of ${client} leads to it on ${here}`);
    if (route.local === true) return denied(service, label, `its route on ${here} says local: true`);
    return null;
  }

  #connect(
    { link, holder, service, label, args }: CarriedOf<"connect">,
    peer: string,
    contact: Contact,
  ): void {
    const where = this.#away.get(holder);
    const refused =
      where?.at === peer
        ? this.#refused(where.child, service, label, "")
        : denied(service, label, "it was not carried from there");
    if (refused !== null) return contact.say({ kind: "opened", link, error: refused });
    const { child = "" } = routeFor(this.#options.entry(where!.child)!.routes, service, label)!;
    const target = { child, service, label, args, patience: null };
    this.#options.live.broker.hear(holder, { kind: "connect", link, target });
  }

  #call({ link, holder, id, method, parcel, received, oldest }: CarriedOf<"call">, peer: string): boolean {
    if (this.#away.get(holder)?.at !== peer) return true;
    const heard = heardParcel(parcel);
    const asked = this.#asked.get(holder);
    // Who has not said that it is here says it again when it has.
    if (asked === undefined) return true;
    if (!asked.take(link, id, parcelBytes(heard))) return false;
    this.#options.live.broker.hear(holder, {
      kind: "call",
      link,
      id,
      method,
      parcel: heard,
      received,
      oldest,
    });
    return true;
  }

  #say(peer: string, identity: string, message: ToDomain): void {
    const said = mirrored(message);
    if (said === null || this.#away.get(identity)?.at !== peer) return;
    if (said.kind === "reply") this.#asked.get(identity)?.give(said.link, said.id);
    this.#contacts.get(peer)?.say(said);
  }

  // --- for people

  /** The sessions of a child that lead to other hosts. */
  report(child: string): readonly CarriedReport[] {
    const { live, nameOf } = this.#options;
    const found = new Map<string, CarriedReport>();
    for (const { child: other, identity, far } of live.ties(child)) {
      const where = far ? this.#away.get(identity) : undefined;
      if (where !== undefined)
        found.set(identity, { with: other, at: nameOf(where.at), contact: live.broker.isReached(identity) });
    }
    return [...found.values()];
  }

  close(): void {
    this.#closed = true;
    this.#retries.close();
    for (const contact of this.#contacts.values()) contact.cut();
  }
}
