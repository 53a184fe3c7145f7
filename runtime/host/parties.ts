// Who is there, of the children of a host and of those of other hosts that are in contact: by their identities, and by
// the names that stand for them.
import type { ToDomain } from "../core/link.ts";
import { OUTSIDE, type Party } from "./party.ts";

/** A child that others want, by its name where they don't know who it is. */
export type Wanted = { readonly child: string } | { readonly identity: string };

export class Parties {
  readonly #parties = new Map<string, Party>();
  /** Identities of children that have ended and whose names are others' now. */
  readonly #ended = new Set<string>();
  /** The identity that a child's name stands for now. */
  readonly #names = new Map<string, string>();
  /** The identity of who is about to have a name. */
  readonly #coming = new Map<string, string>();
  /** Told of whoever is wanted and is not there. */
  readonly wanted: (who: Wanted) => void;

  constructor(wanted: (who: Wanted) => void) {
    this.wanted = wanted;
  }

  // --- who they are

  get(identity: string): Party | undefined {
    return this.#parties.get(identity);
  }

  /** One that hears what is said to it. */
  live(identity: string | null): Party | null {
    const party = identity === null ? undefined : this.#parties.get(identity);
    return party?.state === "live" ? party : null;
  }

  /** The party that a name stands for. */
  named(child: string): Party | null {
    const identity = this.#names.get(child);
    return identity === undefined ? null : (this.#parties.get(identity) ?? null);
  }

  /** The same, or whoever is about to have the name. */
  leading(child: string): Party | null {
    return this.#parties.get(this.#coming.get(child) ?? "") ?? this.named(child);
  }

  /** Whether somebody who was here, or in contact, has ended. */
  isOver(identity: string): boolean {
    return this.#ended.has(identity) || this.#parties.get(identity)?.state === "ended";
  }

  /** A holder that lives, and did not say that it holds it, does not; nor does one outside that has gone. */
  isHeldNoMore(holder: string): boolean {
    const party = this.#parties.get(holder);
    if (party === undefined) return holder.startsWith(OUTSIDE) || this.#ended.has(holder);
    return party.state === "ended" || (party.state === "live" && party.settled);
  }

  /** Says something to whoever has this identity, where they are there. */
  tell(identity: string, message: ToDomain): void {
    const party = this.#parties.get(identity);
    if (party?.state === "live") party.say(message);
    else this.wanted({ identity });
  }

  // --- how they change

  /** The party of an identity that has come, an unknown one as a child that has never lived. */
  enter(child: string, identity: string, say: (message: ToDomain) => void): Party {
    const party: Party = this.#parties.get(identity) ?? {
      ...{ child, identity, state: "live", say, services: new Set() },
      ...{ incarnation: 0, left: new Set(), settled: false, far: false },
    };
    this.#parties.set(identity, party);
    this.#ended.delete(identity);
    return party;
  }

  /** It is about to have its name. */
  await({ child, identity }: Party): void {
    if (child !== "") this.#coming.set(child, identity);
  }

  /** Nobody is waited for under its name any more. */
  arrived({ child, identity }: Party): void {
    if (this.#coming.get(child) === identity) this.#coming.delete(child);
  }

  /** Its name stands for it from now on. */
  name({ child, identity }: Party): void {
    if (child !== "") this.#names.set(child, identity);
  }

  /** Another has its name: it is known to have ended, and no more. */
  end({ identity }: Party): void {
    this.#parties.delete(identity);
    this.#ended.add(identity);
  }

  /** Nobody will ask for it again. */
  forget({ identity }: Party): void {
    this.#parties.delete(identity);
  }
}
