// What the children of a host have to do with one another, for whoever takes some of them elsewhere: the links as the
// broker has them, and what is not known of them.
import type { DataspaceHomes } from "./dataspace-homes.ts";
import type { Link, LinkTable } from "./link-table.ts";
import type { Parties } from "./parties.ts";

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

/** What a child serves to one that has not been there since this host began. */
export interface Unheld {
  readonly link: string;
  /** Identity. */
  readonly holder: string;
}

/** What a child has announced, and its links, for the hosts of those at their other ends. */
export interface Outline {
  readonly child: string;
  readonly services: readonly string[];
  readonly links: readonly Link[];
}

export class Ties {
  readonly #parties: Parties;
  readonly #links: LinkTable;
  readonly #homes: DataspaceHomes;

  constructor(parties: Parties, links: LinkTable, homes: DataspaceHomes) {
    this.#parties = parties;
    this.#links = links;
    this.#homes = homes;
  }

  /** The other children that a child shares links with. Outside parties and those who are gone are not among them. */
  of(identity: string): readonly Tie[] {
    const tieOf = (link: Link, serves: boolean): readonly Tie[] => {
      const other = serves ? link.owner : link.holder;
      // One that has not announced its service yet is found by its name.
      const party = other === null ? this.#parties.leading(link.child) : (this.#parties.get(other) ?? null);
      if (party === null || party.identity === identity) return [];
      if (party.state === "ended" || party.child === "") return [];
      const { session } = link;
      return [
        {
          ...{ child: party.child, identity: party.identity, far: party.far, serves, link: link.link },
          session: session === null ? null : { service: session.service, label: session.label },
          shares: this.#homes.isShared(link.link),
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
      if (owner !== null || session === null || this.#parties.leading(child) !== null) return [];
      return [{ link, child, session: { service: session.service, label: session.label } }];
    });
  }

  /** What a child serves to children that have not been there since this host began. */
  unheld(identity: string): readonly Unheld[] {
    return this.#links
      .ownedBy(identity)
      .filter(({ holder }) => this.#parties.get(holder) === undefined && !this.#parties.isHeldNoMore(holder))
      .map(({ link, holder }) => ({ link, holder }));
  }

  outline(identity: string): Outline {
    const links = [...this.#links.heldBy(identity), ...this.#links.ownedBy(identity)];
    const { child = "", services = [] } = this.#parties.get(identity) ?? {};
    return { child, services: [...services], links };
  }
}
