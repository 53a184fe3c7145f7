// Carries sessions between children of this host and those of peers. Whoever lives elsewhere has a stand-in here, a party
// of the broker's like any child: it is frozen while there is no contact, and what is said to it goes over the link. The
// calls' own numbers, which their holders and owners keep, see to it that each runs once: see
// docs/decisions/carried-sessions.md.
import { E, type Either } from "../../lib/fp.ts";
import type { ChildIdentity } from "../host/child.ts";
import type { StartConfig } from "../host/host-config.ts";
import type { HostError } from "../host/host-error.ts";
import type { Link } from "../host/link-table.ts";
import type { LiveHost } from "../host/live-host.ts";
import { Absentees } from "./absentees.ts";
import type { CarriedTie, Ties } from "./carried-cargo.ts";
import { CARRIED, MOST_CARRIED, type CarriedMessage, type CarriedOf } from "./carried-message.ts";
import type { Channel } from "./channel.ts";
import { Contact } from "./contact.ts";
import { FarLinks } from "./far-links.ts";
import { Introductions } from "./introductions.ts";
import { migrateProse, type MigrateError } from "./migrate-error.ts";
import { Retries } from "./retries.ts";
import { TiesSurvey, type Onward } from "./ties-survey.ts";
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
  /** Whether a host is one of this one's peers. */
  readonly knows: (peer: string) => boolean;
  /** See `ContactOptions`. */
  readonly settled: () => Promise<void>;
  /** Whether somebody who came here in this epoch, and does not live here now, has ended. */
  readonly hasEnded: (child: string, identity: string, epoch: number) => Promise<boolean>;
  /** Who is kept here under this name, in an image too; null where nobody is. */
  readonly kept: (child: string) => Promise<ChildIdentity | null>;
  /** All names under which somebody may be kept. */
  readonly names: () => readonly string[];
  readonly warn: (child: string, text: string) => void;
  /** How long a peer that is out of contact is waited for before a move, in ms. Default: 5,000. */
  readonly patience?: number;
}

/** A session that leads to another host, for people. */
export interface CarriedReport {
  readonly with: string;
  readonly at: string;
  readonly contact: boolean;
}

/** One that leaves. */
interface Leaver {
  readonly name: string;
  readonly identity: string;
  readonly generation: number;
}

const PATIENCE_MS = 5000;

/** Nobody is known yet who serves it. */
const isSought = ({ owner }: Link): boolean => owner === null;

/** Values of one message of those that are expected. */
const MOST_EXPECTED_VALUES = 100_000;

export class Carrier {
  readonly #options: CarrierOptions;
  /** Those who live elsewhere. */
  readonly #absentees: Absentees;
  readonly #introductions: Introductions;
  readonly #survey: TiesSurvey;
  readonly #links: FarLinks;
  readonly #contacts = new Map<string, Contact>();
  /** Those who came, whether or not they have come to life yet, and as which generation. */
  readonly #come = new Map<string, number>();
  /** Those who came, and of whose container it is not noted yet where the others are. */
  readonly #arriving = new Set<string>();
  /** Those who stand still to leave: their container says already where the others are. */
  readonly #held = new Set<string>();
  /** What was told of moves that this host can't follow. */
  readonly #warned = new Set<string>();
  readonly #retries = new Retries();
  #closed = false;

  constructor(options: CarrierOptions) {
    this.#options = options;
    const { live, entry, nameOf, warn, kept, names } = options;
    const absentees = new Absentees(options.book);
    this.#absentees = absentees;
    this.#introductions = new Introductions({
      say: (peer, key) => this.#contacts.get(peer)?.say({ kind: "knows", key }),
      patience: options.patience ?? PATIENCE_MS,
    });
    const introductions = this.#introductions;
    const come = (identity: string): number => this.#come.get(identity) ?? 1;
    this.#survey = new TiesSurvey({ live, absentees, introductions, entry, nameOf, kept, names, come });
    const contact = (peer: string): Contact | undefined => this.#contacts.get(peer);
    this.#links = new FarLinks({ live, absentees, entry, nameOf, warn, contact });
    live.broker.presence = (identity) => this.#changed(identity);
  }

  /** Takes up what former hosts of the state directory have noted. */
  async recover(): Promise<void> {
    const { knows, warn } = this.#options;
    await this.#absentees.recover();
    const forgone = await this.#absentees.forgo(knows);
    for (const { gone, other } of forgone)
      warn(
        gone.child,
        `the host with the key ${other.at}, where ${other.child} is, is none of this host's peers any more and is not told where ${gone.child} went: their sessions wait until one of them moves`,
      );
    if (forgone.length > 0) await this.#tidy();
    this.#reach();
  }

  // --- who goes, and who comes

  /** Finds out, while they run, what `ties` can't know by itself. */
  prepare(names: readonly string[], to: string): Promise<Either<MigrateError, void>> {
    return this.#survey.prepare(names, to);
  }

  /** The links of children that leave for `to` with those who stay behind: which sessions are carried. Left: one of them
   *  can't be. */
  ties(names: readonly string[], to: string): Either<MigrateError, Ties> {
    return this.#survey.of(names, to);
  }

  /** The same of those who stand still, after `prepare`: until `stay` or `left` nobody hears that they know anything new. */
  hold(leavers: readonly Leaver[], to: string): Either<MigrateError, Ties> {
    const names = leavers.map(({ name }) => name);
    const ties = this.ties(names, to);
    const introduced = E.isLeft(ties) ? ties : this.#survey.areIntroduced(ties.right, to);
    if (E.isLeft(introduced)) return introduced;
    for (const { identity } of leavers) this.#held.add(identity);
    return ties;
  }

  /** They don't leave after all. */
  stay(leavers: readonly Pick<Leaver, "identity">[]): void {
    for (const { identity } of leavers) this.#held.delete(identity);
    // What could not be answered meanwhile is said again.
    for (const peer of this.#contacts.keys()) this.#expect(peer);
  }

  /** Links of travelers that leave again without having lived here; they came from `from`. Left: two hosts don't know each
   *  other. */
  async onward(ties: Ties, where: Onward): Promise<Either<MigrateError, Ties>> {
    const now = this.#survey.onward(ties, where);
    for (const [child, all] of now)
      for (const tie of all) {
        const refused = await this.#survey.introduce(child, tie, where.to);
        if (refused !== null) return E.left(refused);
      }
    return E.right(now);
  }

  /** The same, when they are about to be handed over: as `hold`. */
  holdOnward(
    leavers: readonly Pick<Leaver, "identity">[],
    ties: Ties,
    where: Onward,
  ): Either<MigrateError, Ties> {
    const now = this.#survey.onward(ties, where);
    const introduced = this.#survey.areIntroduced(now, where.to);
    if (E.isLeft(introduced)) return introduced;
    for (const { identity } of leavers) this.#held.add(identity);
    return E.right(now);
  }

  /** Children have left for a peer: what is noted of each. */
  leaving(leavers: readonly Leaver[], ties: Ties, to: string): readonly Whereabouts[] {
    return leavers.flatMap(({ name, identity, generation }): Whereabouts[] => {
      const all = ties.get(name) ?? [];
      const sessions = all.flatMap(({ link, serves, session }) =>
        serves && session !== null ? [{ link, ...session }] : [],
      );
      const others = [...new Set(all.map((tie) => tie.identity))];
      const noted = { identity, child: name, at: to, epoch: generation + 1, sessions, others, untold: [] };
      return all.length === 0 ? [] : [noted];
    });
  }

  /** That was decided, and they are here no more. */
  async left(leavers: readonly Pick<Leaver, "identity">[], noted: readonly Whereabouts[]): Promise<void> {
    for (const { identity } of leavers) {
      this.#come.delete(identity);
      this.#arriving.delete(identity);
      this.#held.delete(identity);
    }
    for (const each of noted) this.#absentees.noted(each);
    this.#absentees.part(leavers.map(({ identity }) => identity));
    for (const { identity } of leavers)
      this.#options.live.broker.forget(identity, (other) => this.#absentees.of(other) !== undefined);
    await this.#tidy();
    for (const peer of this.#contacts.keys()) {
      this.#expect(peer);
      this.#tellMoves(peer);
    }
    this.#reach();
  }

  /** Children come from a peer, as which they left it, with links to those who stayed there or live elsewhere. Noted before
   *  they come to life. */
  async arrived(
    children: readonly Leaver[],
    ties: Ties,
    from: string,
    isTakenHere: (child: string) => boolean,
  ): Promise<Either<HostError, void>> {
    const { live, own } = this.#options;
    for (const { identity, generation } of children) {
      this.#come.set(identity, generation + 1);
      this.#arriving.add(identity);
      const come = await this.#absentees.came(identity);
      if (E.isLeft(come)) return come;
      // Nobody speaks for it any more, and what is said to have links with it is believed: it has not said yet that it lives.
      this.#links.part(identity, "frozen");
    }
    const isHere = ({ identity }: CarriedTie): boolean =>
      this.#come.has(identity) || live.broker.isHere(identity);
    for (const { name, identity: by } of children)
      for (const tie of ties.get(name) ?? []) {
        const { identity, child, serves, session } = tie;
        const there = tie.there || tie.at?.key === own;
        // Whoever has a server's name here has its place, for a route leads to the name; and one that the source took to
        // be here may have gone there meanwhile.
        const isTaken = ((serves && session !== null) || there) && isTakenHere(child);
        if (isTaken || isHere(tie)) continue;
        const noted = await this.#absentees.meet({ tie, by, at: there ? from : (tie.at?.key ?? from) });
        if (E.isLeft(noted)) return noted;
        this.#hearAnew(identity);
      }
    for (const { identity } of children) this.#arriving.delete(identity);
    // Whether or not they come to life: others who live here have to do with the same ones.
    for (const peer of this.#contacts.keys()) this.#expect(peer);
    this.#tellAgain();
    return E.right(undefined);
  }

  /** There is more to say of somebody who lives elsewhere: what comes was said before that was known there. */
  #hearAnew(identity: string): void {
    const { at: peer = "" } = this.#absentees.of(identity) ?? {};
    this.#contacts.get(peer)?.forgo(identity);
    this.#links.part(identity, "frozen");
  }

  /** They have come to life. */
  landed(from: string): void {
    this.#expect(from);
    this.#reach();
    for (const peer of this.#contacts.keys()) if (peer !== from) this.#expect(peer);
  }

  /** Whoever nobody here has to do with any more need not be asked for. */
  async #tidy(): Promise<void> {
    for (const each of this.#absentees.all)
      if (!this.#absentees.isAwaited(each.identity) && !this.#hasOwn(each))
        await this.#absentees.drop(each.identity);
  }

  /** Whether somebody who lives here has to do with it, or may have. */
  #hasOwn({ identity, others }: Whereabouts): boolean {
    const { broker } = this.#options.live;
    const isOwn = (other: string): boolean =>
      this.#absentees.of(other) === undefined && !broker.isOver(other);
    const { links } = broker.ties.outline(identity);
    const tied = links.map(({ holder, owner }) => (holder === identity ? owner : holder));
    if (tied.some((other) => other !== null && isOwn(other))) return true;
    // Of those that have not been there since this host began the links may not be known yet.
    if (others === undefined) return !broker.knows(identity);
    return others.some(
      (other) => isOwn(other) && (!broker.knows(identity) || !broker.knows(other) || links.some(isSought)),
    );
  }

  // --- contact

  #reach(): void {
    for (const peer of this.#absentees.peers) if (!this.#contacts.has(peer)) this.#retry(peer);
  }

  #retry(peer: string, later = false): void {
    const attempt = async (): Promise<boolean> => {
      if (this.#closed || this.#contacts.has(peer) || this.#absentees.at(peer).length === 0) return true;
      const channel = await this.#options.dial(peer);
      if (E.isLeft(channel)) return false;
      await channel.right.send({ kind: "carry", version: CARRIED });
      const answer = await channel.right.next(["carrying"]);
      if (E.isLeft(answer) || answer.right.version !== CARRIED || this.#closed) {
        channel.right.close();
        return this.#contacts.has(peer) || this.#closed;
      }
      // Both have called at once, and what the one with the lesser key has called is what both keep: if each took what came
      // last for its own, they could go on for ever cutting what the other one has.
      if (this.#contacts.has(peer) && peer < this.#options.own) channel.right.close();
      else void this.#begin(channel.right, peer, true);
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
    this.#tellMoves(peer);
    this.#introductions.met(peer);
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
    for (const { identity } of this.#absentees.at(peer)) this.#links.part(identity, "frozen");
  }

  /** Says whom this host takes to live there, and who wants to hear of each. */
  #expect(peer: string): void {
    let values = 0;
    const children = this.#absentees.at(peer).flatMap(({ identity, child, epoch, others: all = [] }) => {
      const others = all.filter((other) => this.#absentees.of(other) === undefined);
      values += others.length + 4;
      return values > MOST_EXPECTED_VALUES ? [] : [{ identity, child, epoch, others }];
    });
    this.#contacts.get(peer)?.expects(children.slice(0, MOST_CARRIED));
  }

  // --- what is told of those who live here

  #changed(identity: string): void {
    for (const [peer, contact] of this.#contacts)
      if (contact.expected.has(identity)) void this.#tell(peer, contact, identity, "", 0);
  }

  /** Tells a peer how somebody is whom it takes to live here. */
  async #tell(peer: string, contact: Contact, identity: string, child: string, epoch: number): Promise<void> {
    const { live, hasEnded } = this.#options;
    const { broker } = live;
    if (broker.isHere(identity)) {
      // Before it is known here that those who want to hear of it live there, it would be said to have nothing with them.
      const { others = [] } = contact.expected.get(identity) ?? {};
      const isEarly = others.some((other) => (this.#absentees.of(other)?.at ?? peer) !== peer);
      if (isEarly) return contact.say({ kind: "away", identity });
      contact.say(this.#links.here(peer, identity, contact.wished));
      return broker.repeat(identity);
    }
    const gone = this.#absentees.of(identity);
    if (gone !== undefined && gone.at !== peer) return this.#tellMove(contact, gone, []);
    if (live.rests(child)) void live.wake([child]);
    const isOver = broker.isOver(identity) || (child !== "" && (await hasEnded(child, identity, epoch)));
    if (broker.isHere(identity)) return;
    contact.say({ kind: isOver ? "ended" : "away", identity });
    if (isOver) await this.#over(identity);
  }

  #tellMove(
    contact: Contact,
    { identity, at: to, epoch }: Whereabouts,
    others: readonly { readonly identity: string; readonly child: string }[],
  ): void {
    const named = others.map((other) => ({ identity: other.identity, child: other.child }));
    contact.say({ kind: "moved", identity, to, epoch, others: named });
  }

  /** Tells a peer where those went whom somebody there has to do with, until it has noted that. */
  #tellMoves(peer: string): void {
    const contact = this.#contacts.get(peer);
    if (contact === undefined) return;
    for (const { gone, others } of this.#absentees.untoldAt(peer)) this.#tellMove(contact, gone, others);
  }

  /** It has ended: whoever had to do with it has not any more. */
  async #over(identity: string): Promise<void> {
    const before = this.#absentees.all;
    await this.#absentees.over(identity);
    await this.#tidy();
    const now = this.#absentees.all;
    if (now.length === before.length && now.every((each) => before.includes(each))) return;
    for (const peer of this.#contacts.keys()) this.#expect(peer);
    this.#tellAgain();
  }

  /** What peers were not told yet may be told by now. */
  #tellAgain(): void {
    for (const contact of this.#contacts.values())
      for (const [identity, { others }] of contact.expected)
        if (others.length > 0 && this.#options.live.broker.isHere(identity)) this.#changed(identity);
  }

  // --- what a peer says

  #hear(message: CarriedMessage, peer: string, contact: Contact): boolean {
    switch (message.kind) {
      case "expects":
        contact.wishes(message.children);
        // Neither has anything to do with the other any more.
        if (message.children.length === 0 && this.#absentees.at(peer).length === 0) contact.cut();
        for (const { identity, child, epoch } of message.children)
          void this.#tell(peer, contact, identity, child, epoch);
        this.#tellMoves(peer);
        return true;
      case "here":
        this.#arrives(message, peer, contact);
        return true;
      case "away":
      case "ended":
        if (!this.#absentees.isAt(message.identity, peer)) return true;
        this.#links.part(message.identity, message.kind === "ended" ? "ended" : "frozen");
        if (message.kind === "ended") void this.#over(message.identity);
        return true;
      case "moved":
        void this.#moved(message, peer, contact);
        return true;
      case "follows":
        void this.#follows(message, peer);
        return true;
      case "knows":
        contact.say({ kind: "known", key: message.key, known: this.#options.knows(message.key) });
        return true;
      case "known":
        this.#introductions.told(peer, message.key, message.known);
        return true;
      default:
        return this.#links.hear(message, peer, contact);
    }
  }

  /** Somebody who lives there is in contact. */
  #arrives(message: CarriedOf<"here">, peer: string, contact: Contact): void {
    const { identity, generation, expects } = message;
    const where = this.#absentees.of(identity);
    // It has been on its way elsewhere meanwhile, or is an incarnation of old.
    if (where === undefined || where.at !== peer || generation < where.epoch) return;
    // It says nothing of the links of somebody who came meanwhile: they would seem to be over.
    if (!contact.isCurrent(identity, expects)) return;
    if (generation > where.epoch) {
      const now = { ...where, epoch: generation };
      this.#absentees.noted(now);
      void this.#absentees.note(now);
      for (const each of this.#contacts.keys()) this.#tellMoves(each);
    }
    this.#links.arrives(message, peer, contact);
  }

  /** Somebody has left that peer for another host: who has spoken for it until now says who does from now on. */
  async #moved(
    { identity, to, epoch, others }: CarriedOf<"moved">,
    peer: string,
    contact: Contact,
  ): Promise<void> {
    const { own, knows, warn, nameOf } = this.#options;
    const where = this.#absentees.of(identity);
    if (where?.at === peer && to !== peer && epoch >= where.epoch) {
      // It is on its way here: that it has come is known when it has.
      if (to === own) return;
      if (!knows(to)) {
        const reason = `it went from ${nameOf(peer)} to the host with the key ${to}, which is none of this host's peers`;
        const remedy =
          "until each of the two hosts has the other among its `peers`, or one of the components moves";
        if (!this.#warned.has(reason)) warn(where.child, `${reason}: its sessions wait ${remedy}`);
        return void this.#warned.add(reason);
      }
      const noted = await this.#absentees.note({ ...where, at: to, epoch });
      if (E.isLeft(noted)) return;
      this.#hearAnew(identity);
      this.#reach();
      for (const each of new Set([peer, to])) this.#expect(each);
      for (const each of this.#contacts.keys()) this.#tellMoves(each);
      this.#tellAgain();
    }
    const now = this.#absentees.of(identity);
    if (now !== undefined && now.at !== to && now.epoch < epoch) return;
    const told: string[] = [];
    for (const other of others) if (await this.#answersFor(other)) told.push(other.identity);
    if (told.length > 0) contact.say({ kind: "follows", identity, epoch, others: told });
  }

  /** Whether somebody is this host's, and what it is told of others is not too late for it. */
  async #answersFor({
    identity,
    child,
  }: {
    readonly identity: string;
    readonly child: string;
  }): Promise<boolean> {
    const isUnsure = (): boolean =>
      this.#absentees.of(identity) !== undefined || this.#held.has(identity) || this.#arriving.has(identity);
    if (isUnsure()) return false;
    const kept = this.#come.has(identity) || (await this.#options.kept(child))?.identity === identity;
    return kept && !isUnsure();
  }

  async #follows({ identity, epoch, others }: CarriedOf<"follows">, peer: string): Promise<void> {
    if (this.#absentees.of(identity)?.epoch !== epoch) return;
    const heard = others.filter((other) => this.#absentees.isAt(other, peer));
    if (heard.length === 0) return;
    await this.#absentees.told(identity, heard);
    await this.#tidy();
    this.#expect(peer);
  }

  // --- for people

  /** The sessions of a child that lead to other hosts. */
  report(child: string): readonly CarriedReport[] {
    const { live, nameOf } = this.#options;
    const found = new Map<string, CarriedReport>();
    for (const { child: other, identity, far } of live.ties(child)) {
      const where = far ? this.#absentees.of(identity) : undefined;
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
