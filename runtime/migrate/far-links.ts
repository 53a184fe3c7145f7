// What is said over the links between children of this host and those who live at its peers, in both directions. A peer is
// heard only for whom it has, and in a link only for the end that such a one has there.
import { E } from "../../lib/fp.ts";
import type { ToDomain } from "../core/link.ts";
import { parcelBytes } from "../core/parcel.ts";
import { routeFor } from "../core/route.ts";
import type { StartConfig } from "../host/host-config.ts";
import type { Link } from "../host/link-table.ts";
import type { LiveHost } from "../host/live-host.ts";
import type { Absentees } from "./absentees.ts";
import { AskedCalls } from "./asked-calls.ts";
import { deniedSession, refusedFar } from "./carried-grant.ts";
import type { CarriedMessage, CarriedOf } from "./carried-message.ts";
import type { Contact } from "./contact.ts";
import { heardParcel, mirrored } from "./mirrored.ts";

/** What is said in a link. */
export type InLink = CarriedOf<
  "connect" | "call" | "received" | "waits" | "close" | "opened" | "reply" | "revoke"
>;

export interface FarLinksOptions {
  readonly live: LiveHost;
  readonly absentees: Absentees;
  readonly entry: (name: string) => StartConfig | undefined;
  readonly nameOf: (peer: string) => string;
  readonly warn: (child: string, text: string) => void;
  readonly contact: (peer: string) => Contact | undefined;
}

export class FarLinks {
  readonly #options: FarLinksOptions;
  /** Calls of those who are in contact. */
  readonly #asked = new Map<string, AskedCalls>();

  constructor(options: FarLinksOptions) {
    this.#options = options;
  }

  /** Somebody is out of contact. */
  part(identity: string, how: "frozen" | "ended"): void {
    this.#asked.delete(identity);
    this.#options.live.broker.part(identity, how);
  }

  /** How somebody who lives here is told of at a peer. */
  here(peer: string, identity: string, expects: number): CarriedMessage {
    const { live, absentees } = this.#options;
    const { child, services, links } = live.broker.ties.outline(identity);
    const isThere = (other: string | null): other is string => absentees.isAt(other, peer);
    const there = absentees.at(peer);
    const leading = (link: Link): string | null =>
      link.owner ?? there.find((each) => each.child === link.child)?.identity ?? null;
    const generation = live.identityOf(child)?.generation ?? 0;
    return {
      ...{ kind: "here", identity, generation, expects },
      services: there.length === 0 ? [] : services,
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

  /** Somebody who lives there is in contact. What its sessions are with is granted by the routes of its entry here. */
  arrives({ identity, services, owns, holds }: CarriedOf<"here">, peer: string, contact: Contact): void {
    const { live, absentees, warn, nameOf, entry } = this.#options;
    const where = absentees.of(identity);
    if (where === undefined) return;
    const granted = holds.filter(({ link, owner, service, label }) => {
      // What two have with each other who both live elsewhere is no business of this host's.
      if (absentees.of(owner) !== undefined) return false;
      const known = where.sessions.find((each) => each.link === link);
      const session = known ?? { service, label };
      if (session.service === "") return true;
      const { child: server } = live.broker.ties.outline(owner);
      const refused = refusedFar(entry(where.child), { client: where.child, ...session, server });
      if (refused === null) return true;
      contact.say({ kind: "revoke", link, error: refused });
      warn(where.child, `its session from ${nameOf(peer)} is denied: ${session.service}`);
      return false;
    });
    this.#asked.set(identity, new AskedCalls());
    const far = {
      ...{ child: where.child, identity, services },
      owns: owns.filter(({ holder }) => absentees.of(holder) === undefined),
      holds: granted.map(({ link, owner, opening }) => {
        return { link, owner, child: live.broker.ties.outline(owner).child, opening };
      }),
    };
    live.broker.reach(far, (message) => this.#say(peer, identity, message));
  }

  #say(peer: string, identity: string, message: ToDomain): void {
    const said = mirrored(message);
    if (said === null || !this.#options.absentees.isAt(identity, peer)) return;
    if (said.kind === "reply") this.#asked.get(identity)?.give(said.link, said.id);
    this.#options.contact(peer)?.say(said);
  }

  /** False where a peer may not say that. */
  hear(message: InLink, peer: string, contact: Contact): boolean {
    const { broker } = this.#options.live;
    switch (message.kind) {
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
    return this.#options.absentees.isAt(identity, peer) ? identity : null;
  }

  #connect(
    { link, holder, service, label, args }: CarriedOf<"connect">,
    peer: string,
    contact: Contact,
  ): void {
    const { live, absentees, entry } = this.#options;
    const where = absentees.of(holder);
    const client = where?.child ?? "";
    const refused =
      where?.at === peer
        ? refusedFar(entry(client), { client, service, label, server: "" })
        : deniedSession(service, label, "it was not carried from there");
    if (refused !== null) return contact.say({ kind: "opened", link, error: refused });
    const { child = "" } = routeFor(entry(client)!.routes, service, label)!;
    const target = { child, service, label, args, patience: null };
    live.broker.hear(holder, { kind: "connect", link, target });
  }

  #call({ link, holder, id, method, parcel, received, oldest }: CarriedOf<"call">, peer: string): boolean {
    if (!this.#options.absentees.isAt(holder, peer)) return true;
    const heard = heardParcel(parcel);
    const asked = this.#asked.get(holder);
    // Who has not said that it is here says it again when it has.
    if (asked === undefined) return true;
    if (!asked.take(link, id, parcelBytes(heard))) return false;
    const said = { kind: "call", link, id, method, parcel: heard, received, oldest } as const;
    this.#options.live.broker.hear(holder, said);
    return true;
  }
}
