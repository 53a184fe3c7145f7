// The homes of all dataspaces that the children of a host share. A child may have a copy of what it allocated, or of
// what a link leads to that it holds.
import type { SessionError } from "../../lib/error.ts";
import type { Place } from "../core/dataspace-place.ts";
import { isDifference } from "../core/difference.ts";
import type { SharedFromDomain, SharedToDomain } from "../core/shared-message.ts";
import { DataspaceHome } from "./dataspace-home.ts";

/** A child as the homes know it. */
export interface Sharer {
  readonly identity: string;
  readonly state: "live" | "frozen" | "ended";
  /** It was started, or its revival has succeeded. */
  readonly settled: boolean;
  readonly say: (message: SharedToDomain) => void;
}

const NOTHING = new Uint8Array(0);
const NOWHERE: Place = { epoch: "", number: 0, past: [] };

/** Bytes of all homes that only frozen children have a part in. */
const MOST_WAITING_BYTES = 64 << 20;

const closed: SessionError = { tag: "Closed", what: "the dataspace" };

export class DataspaceHomes {
  readonly #sharer: (identity: string) => Sharer | undefined;
  readonly #homes = new Map<string, DataspaceHome>();
  /** Identities of those who allocated dataspaces, as far as they have been here. */
  readonly #allocators = new Map<string, string>();
  /** The dataspaces that links lead to, and who holds which links to each of them. */
  readonly #grants = new Map<string, string>();
  readonly #holders = new Map<string, Map<string, string>>();
  /** Dataspaces that are no more, as long as links still lead there. */
  readonly #gone = new Set<string>();

  /** `sharer` tells who has an identity. */
  constructor(sharer: (identity: string) => Sharer | undefined) {
    this.#sharer = sharer;
  }

  /** Bytes of dataspaces in use here whose allocators are frozen: nobody else's quota holds them. */
  get kept(): number {
    let bytes = 0;
    for (const home of this.#homes.values()) bytes += this.#keptOf(home);
    return bytes;
  }

  /** What of `kept` is a child's own. */
  keptFor(identity: string): number {
    let bytes = 0;
    for (const home of this.#homes.values())
      if (this.#allocators.get(home.id) === identity) bytes += this.#keptOf(home);
    return bytes;
  }

  #keptOf(home: DataspaceHome): number {
    const allocator = this.#allocators.get(home.id);
    const isAway = allocator !== undefined && this.#sharer(allocator)?.state !== "live";
    return isAway && this.#used(home) ? home.content.length : 0;
  }

  // --- who may have it

  /** A link leads to a dataspace; where whoever made it has no part in that, to nothing. */
  grant(link: string, dataspace: string, from: string | null, holder: string): void {
    if (this.#grants.has(link) || (from !== null && !this.#mayHave(from, dataspace))) return;
    this.#grants.set(link, dataspace);
    const holders = this.#holders.get(dataspace) ?? new Map<string, string>();
    holders.set(link, holder);
    this.#holders.set(dataspace, holders);
  }

  /** The link is gone. */
  withdraw(link: string): void {
    const dataspace = this.#grants.get(link);
    if (dataspace === undefined) return;
    this.#grants.delete(link);
    const holders = this.#holders.get(dataspace)!;
    const holder = holders.get(link)!;
    holders.delete(link);
    if (holders.size === 0) {
      this.#holders.delete(dataspace);
      this.#gone.delete(dataspace);
    }
    const home = this.#homes.get(dataspace);
    if (home === undefined) return this.#forget(dataspace);
    if (!this.#mayHave(holder, dataspace)) home.leave(holder);
    this.#rest(home);
  }

  /** Whether the dataspace that a link leads to is no more. */
  isGone(link: string): boolean {
    return this.#gone.has(this.#grants.get(link) ?? "");
  }

  /** Whether a link leads to a dataspace. */
  isShared(link: string): boolean {
    return this.#grants.has(link);
  }

  #mayHave(identity: string, dataspace: string): boolean {
    if (this.#allocators.get(dataspace) === identity) return true;
    for (const holder of this.#holders.get(dataspace)?.values() ?? []) if (holder === identity) return true;
    return false;
  }

  // --- what children say

  hear(sharer: Sharer, message: SharedFromDomain): void {
    if (message.kind === "digested") return;
    const { identity } = sharer;
    const { dataspace } = message;
    const home = this.#homes.get(dataspace);
    switch (message.kind) {
      case "share": {
        if (home !== undefined) return;
        const made = DataspaceHome.first(dataspace, message.content);
        made.copies.add(identity);
        this.#allocators.set(dataspace, identity);
        this.#homes.set(dataspace, made);
        return;
      }
      case "fetch": {
        if (home === undefined || !this.#mayHave(identity, dataspace))
          return sharer.say({ kind: "fetched", dataspace, error: closed, place: NOWHERE, content: NOTHING });
        home.copies.add(identity);
        const { place, content } = home;
        return sharer.say({ kind: "fetched", dataspace, error: null, place, content });
      }
      case "leave":
        return home?.leave(identity);
      case "differ": {
        const { difference } = message;
        const placed = home?.copies.has(identity) === true && isDifference(difference, home.content.length);
        const number = placed ? home.take(difference) : null;
        if (placed) this.#tell(home, difference, null, identity);
        return sharer.say({ kind: "taken", dataspace, number });
      }
      case "free":
        if (this.#allocators.get(dataspace) === identity) this.#vanish(dataspace);
        return;
      case "rest":
        if (home?.copies.has(identity) === true) home.image(identity, message.number);
        return;
      case "rejoin":
        return this.#rejoin(sharer, message);
    }
  }

  /** All who have a copy hear of a difference, but for whoever made it. */
  #tell(home: DataspaceHome, difference: Uint8Array, at: Place | null, but: string | null): void {
    const { id, copies, place } = home;
    for (const identity of copies) {
      const sharer = identity === but ? undefined : this.#sharer(identity);
      if (sharer?.state === "live")
        sharer.say({ kind: "changed", dataspace: id, number: place.number, difference, place: at });
    }
  }

  #rejoin(sharer: Sharer, message: Extract<SharedFromDomain, { readonly kind: "rejoin" }>): void {
    const { dataspace, own } = message;
    const { identity } = sharer;
    const refuse = (): void =>
      sharer.say({
        ...{ kind: "rejoined", dataspace, error: closed, place: NOWHERE, difference: null, strange: false },
      });
    if (this.#gone.has(dataspace)) return refuse();
    const copy = { place: message.place, content: message.content };
    const allocator = this.#allocators.get(dataspace) ?? identity;
    if (own ? allocator !== identity : !this.#mayHave(identity, dataspace)) return refuse();
    const known = this.#homes.get(dataspace);
    if (known !== undefined && known.content.length !== copy.content.length) return refuse();
    if (own) this.#allocators.set(dataspace, identity);
    const home = known ?? DataspaceHome.again(dataspace, copy, identity);
    this.#homes.set(dataspace, home);
    const missed = home.welcome(identity, copy);
    sharer.say({ kind: "rejoined", dataspace, error: null, ...missed });
  }

  // --- who comes and goes

  /** Whether a child is coming back with a copy that may bring something along. */
  isReturning(identity: string): boolean {
    if (this.#sharer(identity)?.settled === true) return false;
    for (const home of this.#homes.values()) if (home.isReturning(identity)) return true;
    return false;
  }

  /** A child has begun: what its copies brought along is taken. */
  settled(identity: string): void {
    for (const home of this.#homes.values()) {
      const late = home.settle(identity);
      if (late !== null) this.#tell(home, late, home.place, null);
    }
  }

  /** A child is no longer there; what it held of links is `withdraw`n by itself. */
  left(identity: string, hasEnded: boolean): void {
    if (hasEnded)
      for (const [dataspace, allocator] of [...this.#allocators])
        if (allocator === identity) this.#vanish(dataspace);
    for (const home of [...this.#homes.values()]) {
      if (hasEnded) home.forget(identity);
      else home.leave(identity);
      this.#rest(home);
    }
  }

  /** Whether some child that lives has a part in it. */
  #used(home: DataspaceHome): boolean {
    return this.#sharersOf(home).some(({ state }) => state === "live");
  }

  #sharersOf({ id }: DataspaceHome): readonly Sharer[] {
    const identities = new Set(this.#holders.get(id)?.values());
    const allocator = this.#allocators.get(id);
    if (allocator !== undefined) identities.add(allocator);
    return [...identities].flatMap((identity) => this.#sharer(identity) ?? []);
  }

  /** Where nobody who lives has a part in it, it waits for those who come back: calls that their host keeps may follow
   *  upon what was written. */
  #rest(home: DataspaceHome): void {
    if (this.#used(home)) return;
    if (this.#sharersOf(home).some(({ state }) => state === "frozen")) return this.#bound();
    this.#drop(home);
  }

  #drop({ id }: DataspaceHome): void {
    this.#homes.delete(id);
    this.#forget(id);
  }

  /** Where nobody knows it here any more, nobody asks who allocated it. */
  #forget(dataspace: string): void {
    if (!this.#holders.has(dataspace) && !this.#homes.has(dataspace)) this.#allocators.delete(dataspace);
  }

  /** Homes that wait have a bound: the oldest go, and first those that an image has all of. */
  #bound(): void {
    const waiting = [...this.#homes.values()].filter((home) => !this.#used(home));
    let bytes = waiting.reduce((sum, { content }) => sum + content.length, 0);
    const order = [...waiting.filter((home) => home.isImaged), ...waiting.filter((home) => !home.isImaged)];
    for (const home of order) {
      if (bytes <= MOST_WAITING_BYTES) return;
      bytes -= home.content.length;
      this.#drop(home);
    }
  }

  /** Whoever allocated it has freed it, or ended. */
  #vanish(dataspace: string): void {
    const allocator = this.#allocators.get(dataspace);
    const home = this.#homes.get(dataspace);
    this.#allocators.delete(dataspace);
    this.#homes.delete(dataspace);
    if (this.#holders.has(dataspace)) this.#gone.add(dataspace);
    for (const identity of home?.copies ?? []) {
      const sharer = this.#sharer(identity);
      if (sharer?.state === "live" && identity !== allocator) sharer.say({ kind: "gone", dataspace });
    }
  }
}
