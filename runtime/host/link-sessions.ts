// How links come to lead from a holder to an owner: sessions that are asked for and wait for their services, and what a
// child that comes back says that it held, and that it served.
import type { SessionError } from "../../lib/error.ts";
import type { DelegatedTarget, FromDomain, OwnedLink, SessionTarget } from "../core/link.ts";
import type { DataspaceHomes } from "./dataspace-homes.ts";
import type { LinkCalls } from "./link-calls.ts";
import { noService, type LinkEnds } from "./link-ends.ts";
import type { Link, LinkTable } from "./link-table.ts";
import type { Parties } from "./parties.ts";
import type { Party } from "./party.ts";

/** A link of which only its two ends are known. */
const UNKNOWN = { session: null, service: "", label: "", patience: null } as const;

export class LinkSessions {
  readonly #parties: Parties;
  readonly #links: LinkTable;
  readonly #homes: DataspaceHomes;
  readonly #ends: LinkEnds;
  readonly #calls: LinkCalls;

  constructor(parties: Parties, links: LinkTable, homes: DataspaceHomes, ends: LinkEnds, calls: LinkCalls) {
    this.#parties = parties;
    this.#links = links;
    this.#homes = homes;
    this.#ends = ends;
    this.#calls = calls;
  }

  // --- asked for

  #made(holder: Party, link: string, session: SessionTarget): Link {
    const { child, service, label, patience } = session;
    const made = { link, holder: holder.identity, owner: null, child, session, service, label, patience };
    return this.#links.add(made, holder.incarnation, { vouched: true });
  }

  connect(holder: Party, name: string, target: SessionTarget): void {
    const known = this.#links.get(name);
    if (known !== undefined && known.holder !== holder.identity) return;
    // It may have been asked for before a freeze of the holder, and be there by now.
    const link = known ?? this.#made(holder, name, target);
    link.since = holder.incarnation;
    link.session = target;
    link.connecting = true;
    if (link.open) this.#ends.connected(link, null);
    else this.seek(link);
  }

  /** Opens a session as soon as its child has announced the service. */
  seek(link: Link): void {
    const { session } = link;
    if (session === null || link.open || link.owner !== null) return;
    const party = this.#parties.leading(link.child);
    if (party?.state === "ended") return this.#ends.orphan(link);
    if (party?.state !== "live" || !party.settled || !party.services.has(session.service)) {
      if (party?.state !== "live") this.#parties.wanted({ child: link.child });
      this.#calls.wait(link);
      return;
    }
    link.timer?.();
    link.timer = null;
    this.#links.own(link, party.identity);
    const { service, label, args } = session;
    const client = this.#parties.get(link.holder)?.child ?? "";
    party.say({ kind: "open", link: link.link, holder: link.holder, client, service, label, args });
  }

  /** The root of its owner has answered. */
  opened(owner: Party, name: string, error: SessionError | null): void {
    const link = this.#links.owned(owner.identity, name);
    if (link === null || link.open) return;
    if (error !== null) return this.#ends.refuse(link, error);
    link.open = true;
    this.#ends.connected(link, null, !link.connecting && !link.told);
    this.#calls.flush(link);
  }

  // --- held by who comes back

  attach(
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
    if (known !== undefined && known.child === child && !this.#homes.isGone(name)) {
      known.since = holder.incarnation;
      known.session = session;
      known.patience = session?.patience ?? delegated?.patience ?? null;
      const owner = this.#parties.live(known.owner);
      if (dataspace !== null) this.#homes.grant(name, dataspace, null, holder.identity);
      if (owner === null) known.waits = waiting;
      else owner.say({ kind: "waits", link: name, waiting });
      return connected(known.owner, null, false);
    }
    // Its route leads to another child now.
    if (known !== undefined) this.#ends.close(known);
    if (session === null) {
      const [owner, error] = this.#reclaim(holder, name, delegated!, waiting);
      if (error === null && dataspace !== null) this.#homes.grant(name, dataspace, null, holder.identity);
      return connected(owner, error, false);
    }
    const party = this.#parties.leading(child);
    if (party?.state === "ended") return connected(null, noService(session), false);
    const made = this.#made(holder, name, session);
    if (party === null || party.state === "frozen" || !party.settled) {
      made.waits = waiting;
      return connected(null, null, false);
    }
    connected(null, null, true);
    made.told = true;
    this.#calls.lapse(made, waiting);
    this.seek(made);
  }

  /** Whose capability it is that a child says it was handed, and why it is not given back. */
  #reclaim(
    holder: Party,
    link: string,
    { child, owner, service, patience }: DelegatedTarget,
    waiting: readonly string[],
  ): [owner: string | null, error: SessionError | null] {
    const party = this.#parties.get(owner);
    const gone = this.#parties.isOver(owner);
    if (!gone && (party === undefined || (party.state === "live" && !party.settled))) {
      // A child that has not come up yet may still own it.
      const ends = { holder: holder.identity, owner, child };
      const made = { link, ...ends, session: null, service, label: "", patience };
      this.#links.add(made, holder.incarnation).waits = waiting;
      return [owner, null];
    }
    const reason = gone ? `${child}, which handed it over, has ended` : `${child} has taken it back`;
    return [null, { tag: "Denied", service, label: "", reason }];
  }

  /** Somebody of another host holds a link, that host says. */
  claim(holder: Party, name: string, owner: string, child: string): void {
    const known = this.#links.get(name);
    if (known?.holder === holder.identity) return;
    const isLost = this.#parties.live(owner)?.settled === true;
    if (known !== undefined || isLost || this.#parties.isOver(owner))
      return holder.say({
        kind: "closed",
        link: name,
        error: { tag: "Closed", what: `the session with ${child}` },
      });
    const ends = { link: name, holder: holder.identity, owner, child };
    this.#links.add({ ...ends, ...UNKNOWN }, holder.incarnation);
  }

  // --- served by who comes back

  serving(party: Party, services: readonly string[], owned: readonly OwnedLink[]): void {
    for (const service of services) party.services.add(service);
    const { left } = party;
    party.left = new Set();
    const owns = new Set(owned.map(({ link }) => link));
    for (const each of owned) {
      const link = this.#links.get(each.link);
      const isAnother =
        link !== undefined &&
        (link.owner === null ? link.child !== party.child : link.owner !== party.identity);
      const isUnheld = link === undefined && this.#parties.isHeldNoMore(each.holder);
      if (left.has(each.link) || isAnother || isUnheld) party.say({ kind: "left", link: each.link });
      else this.#owns(party, each, link);
    }
    for (const link of [...this.#links.ownedBy(party.identity), ...this.#links.leadingTo(party.child)])
      if (!owns.has(link.link)) this.#lost(link);
  }

  #owns(party: Party, { link: name, holder, open }: OwnedLink, known: Link | undefined): void {
    // Whoever says that it holds what it was never given does not.
    const isForged = known !== undefined && known.holder !== holder && !known.vouched;
    if (isForged) this.#ends.lose(known);
    if (known === undefined || isForged) {
      const ends = { link: name, holder, owner: party.identity, child: party.child };
      this.#links.add({ ...ends, ...UNKNOWN }, 0, { open, vouched: true });
      return;
    }
    this.#links.own(known, party.identity);
    known.open = open;
    known.vouched = true;
    if (known.waits !== null) party.say({ kind: "waits", link: name, waiting: known.waits });
    known.waits = null;
    if (known.connecting && known.open) this.#ends.connected(known, null);
    this.#calls.flush(known);
  }

  /** The owner came back without it. */
  #lost(link: Link): void {
    const isSought = link.session !== null && (link.owner === null || link.connecting || link.waits !== null);
    this.#links.own(link, null);
    link.open = false;
    if (!isSought) return this.#ends.lose(link);
    if (link.waits !== null) this.#calls.lapse(link, link.waits);
    this.seek(link);
  }
}
