// What is told at the two ends of a link: to its holder that it leads somewhere, or does not any more; to its owner that
// nobody holds it.
import type { SessionError } from "../../lib/error.ts";
import type { SessionTarget } from "../core/link.ts";
import type { Link, LinkTable } from "./link-table.ts";
import type { Parties } from "./parties.ts";

export const noService = ({ service, label }: SessionTarget): SessionError => ({
  tag: "NoSuchService",
  service,
  label,
});

const nameOf = ({ session, child }: Link): string =>
  session === null ? `the capability from ${child}` : session.service;

export class LinkEnds {
  readonly #parties: Parties;
  readonly #links: LinkTable;

  constructor(parties: Parties, links: LinkTable) {
    this.#parties = parties;
    this.#links = links;
  }

  /** A session has an owner, or has come to nothing. */
  connected(link: Link, error: SessionError | null, renewed = false): void {
    link.connecting = false;
    const owner = link.owner ?? "";
    this.#parties.tell(link.holder, { kind: "connected", link: link.link, owner, error, renewed });
  }

  /** The holder has let go of it. */
  close(link: Link): void {
    this.#links.drop(link);
    const owner = link.owner === null ? undefined : this.#parties.get(link.owner);
    if (owner === undefined || owner.state === "ended") return;
    if (owner.state === "live" && owner.settled) owner.say({ kind: "left", link: link.link });
    else owner.left.add(link.link);
  }

  /** The owner takes it away, or does not give it, for this reason. */
  refuse(link: Link, error: SessionError): void {
    this.#links.drop(link);
    if (link.connecting) this.connected(link, error);
    else this.#parties.tell(link.holder, { kind: "closed", link: link.link, error });
  }

  /** The owner has it no more. `what`: what it is called then. */
  lose(link: Link, what = nameOf(link)): void {
    this.#links.drop(link);
    this.#parties.tell(link.holder, { kind: "closed", link: link.link, error: { tag: "Closed", what } });
  }

  /** The owner has ended. */
  orphan(link: Link): void {
    if (!link.connecting || link.session === null)
      return this.lose(link, `${nameOf(link)}, whose child has ended,`);
    this.#links.drop(link);
    this.connected(link, noService(link.session));
  }
}
