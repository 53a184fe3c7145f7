// The links between the children of a host, found by their names, by who holds them, and by who owns them.
import type { LinkCall, SessionTarget } from "../core/link.ts";

/** A call that has no answer yet. */
export interface WaitingCall {
  readonly call: LinkCall;
  /** Takes back that it is waited for no longer than its route says. */
  timer: (() => void) | null;
}

export interface Link {
  readonly link: string;
  readonly holder: string;
  /** Identity; null while none is known for the child's name. */
  readonly owner: string | null;
  readonly child: string;
  /** Where it leads, for a session. */
  session: SessionTarget | null;
  /** What it is called in errors. */
  readonly service: string;
  readonly label: string;
  /** How long a child that is not there is waited for, in ms; null: as long as it takes. */
  patience: number | null;
  /** Takes back that the session is waited for no longer. */
  timer: (() => void) | null;
  /** Its root has answered. */
  open: boolean;
  /** The holder waits to be told so. */
  connecting: boolean;
  /** It was passed or asked for here, or its owner says that it is this holder's. */
  vouched: boolean;
  /** In which incarnation the holder came to hold it. */
  since: number;
  /** In which incarnation of the holder it was made. */
  readonly born: number;
  readonly calls: Map<string, WaitingCall>;
  /** What the holder said that it waits for, when the owner was not there. */
  waits: readonly string[] | null;
  /** The holder was told that the session is a new one. */
  told: boolean;
  /** Calls of a former session that may have run in it. */
  lapsed: Set<string> | null;
}

type Made = Pick<Link, "link" | "holder" | "owner" | "child" | "session" | "service" | "label" | "patience">;

class Index {
  readonly #links = new Map<string, Set<Link>>();

  add(key: string, link: Link): void {
    const known = this.#links.get(key);
    if (known === undefined) this.#links.set(key, new Set([link]));
    else known.add(link);
  }

  delete(key: string, link: Link): void {
    const known = this.#links.get(key);
    if (known?.delete(link) === true && known.size === 0) this.#links.delete(key);
  }

  list(key: string): readonly Link[] {
    return [...(this.#links.get(key) ?? [])];
  }
}

export class LinkTable {
  readonly #links = new Map<string, Link>();
  readonly #dropped: (link: string) => void;
  readonly #byHolder = new Index();
  readonly #byOwner = new Index();
  /** Those without an owner, by the child that they lead to. */
  readonly #byChild = new Index();

  /** `dropped` hears of each link that is forgotten. */
  constructor(dropped: (link: string) => void = () => {}) {
    this.#dropped = dropped;
  }

  get(link: string): Link | undefined {
    return this.#links.get(link);
  }
  /** A link of this name that the child holds, or owns. */
  held(identity: string, name: string): Link | null {
    const link = this.#links.get(name);
    return link?.holder === identity ? link : null;
  }
  owned(identity: string, name: string): Link | null {
    const link = this.#links.get(name);
    return link?.owner === identity ? link : null;
  }
  heldBy(identity: string): readonly Link[] {
    return this.#byHolder.list(identity);
  }
  ownedBy(identity: string): readonly Link[] {
    return this.#byOwner.list(identity);
  }
  /** Links to a child of which it is not known who it is. */
  leadingTo(child: string): readonly Link[] {
    return this.#byChild.list(child);
  }
  get all(): readonly Link[] {
    return [...this.#links.values()];
  }

  /** `incarnation`: the holder's. */
  add(made: Made, incarnation: number, more: Partial<Pick<Link, "open" | "vouched">> = {}): Link {
    const link: Link = {
      ...made,
      ...{ timer: null, open: false, connecting: false, vouched: false },
      ...{ since: incarnation, born: incarnation, calls: new Map(), waits: null, told: false },
      lapsed: null,
      ...more,
    };
    this.#links.set(link.link, link);
    this.#byHolder.add(link.holder, link);
    this.#index(link).add(link.owner ?? link.child, link);
    return link;
  }

  #index({ owner }: Link): Index {
    return owner === null ? this.#byChild : this.#byOwner;
  }

  /** Notes who owns a link, or that nobody does. */
  own(link: Link, owner: string | null): void {
    this.#index(link).delete(link.owner ?? link.child, link);
    (link as { owner: string | null }).owner = owner;
    this.#index(link).add(owner ?? link.child, link);
  }

  /** Forgets a link and what waits for it. */
  drop(link: Link): void {
    this.#links.delete(link.link);
    this.#byHolder.delete(link.holder, link);
    this.#index(link).delete(link.owner ?? link.child, link);
    link.timer?.();
    link.timer = null;
    for (const { timer } of link.calls.values()) timer?.();
    link.calls.clear();
    this.#dropped(link.link);
  }
}
