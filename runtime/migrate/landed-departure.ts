// Travelers that leave again without ever having lived here: they lie in the container that they came in, since what
// they held can't be had on this host. They go on as the incarnation that they would have been.
import { E, type Either } from "../../lib/fp.ts";
import { checkpointProse } from "../checkpoint/checkpoint-error.ts";
import { decoded } from "../checkpoint/revivable.ts";
import type { Leaver } from "../host/roll.ts";
import type { ChildManifest } from "../image/image.ts";
import { cargoOf, tiesIn, type Ties } from "./carried-cargo.ts";
import type { Carrier } from "./carrier.ts";
import type { Onward } from "./ties-survey.ts";
import type { Decisions } from "./decisions.ts";
import type { Landed } from "./landings.ts";
import type { MigrateError } from "./migrate-error.ts";
import { offersCargo, tooMany, type OpenOffer } from "./open-offer.ts";
import type { Requirements } from "./requirements.ts";
import type { Departure, Held, MemoryView } from "./source-host.ts";
import { requirementsOf } from "./survey-needs.ts";

/** A container at rest whose travelers are this host's. */
export interface Lying {
  readonly read: () => Promise<Either<MigrateError, Landed>>;
  /** They have left: nothing of it is needed any more. */
  readonly gone: () => Promise<void>;
}

export interface LandedDepartureOptions extends Lying {
  /** All that are in it. */
  readonly names: readonly string[];
  readonly decisions: Decisions;
  /** The key of the host that they go to. */
  readonly to: string;
  /** Carries the sessions that they have left behind; and what it knows the host with this key by. */
  readonly carrier: Carrier | undefined;
  readonly peer: (key: string) => string;
  /** Lets other commands act on them again. */
  readonly free: () => void;
}

interface Traveler {
  readonly manifest: ChildManifest;
  readonly memory: Uint8Array;
}

/** It was this host's: whoever let it come has noted that its own generation is over. */
const oneLater = (manifest: ChildManifest): ChildManifest => ({
  ...manifest,
  generation: manifest.generation + 1,
});

export class LandedDeparture implements Departure {
  readonly names: readonly string[];
  readonly #options: LandedDepartureOptions;
  #travelers: readonly Traveler[] = [];
  /** With whom they have sessions elsewhere, as the container says, and as it is when they go. */
  #ties: Ties = new Map();
  #where: Onward = { from: "", to: "" };
  #seen = false;
  #offers: readonly OpenOffer[] = [];

  constructor(options: LandedDepartureOptions) {
    this.#options = options;
    this.names = options.names;
  }

  async survey(): Promise<Either<MigrateError, readonly Requirements[]>> {
    const landed = await this.#options.read();
    if (E.isLeft(landed)) return landed;
    const { container, memories } = landed.right;
    const { carrier, peer, to } = this.#options;
    this.#ties = tiesIn(container.cargo);
    this.#where = { from: peer(container.from), to: peer(to) };
    const onward = await (carrier?.onward(this.#ties, this.#where) ?? E.right(this.#ties));
    if (E.isLeft(onward)) return onward;
    const travelers: Traveler[] = [];
    const all: Requirements[] = [];
    for (const name of this.names) {
      const at = container.manifest.children.findIndex((child) => child.name === name);
      const [found, memory] = [container.manifest.children[at], memories[at]];
      if (found === undefined || memory === undefined)
        return E.left({ tag: "Unfit", child: name, reason: "is not in the container that it came in" });
      const manifest = oneLater(found);
      const { identity, generation, platform, memoryBytes } = manifest;
      const snapshot = decoded(manifest.ledger, memoryBytes);
      if (E.isLeft(snapshot))
        return E.left({ tag: "Unfit", child: name, reason: checkpointProse(snapshot.left) });
      travelers.push({ manifest, memory });
      const { engine, base } = platform;
      const who = { name, identity, generation, engine, base };
      const needs = requirementsOf(who, { ...snapshot.right, memoryBytes });
      const carried = onward.right.get(name) ?? [];
      all.push(carried.length === 0 ? needs : { ...needs, carried });
    }
    this.#travelers = travelers;
    return E.right(all);
  }

  /** Nothing changes there. */
  round(): Promise<Either<MigrateError, readonly MemoryView[]>> {
    return Promise.resolve(E.right(this.#views()));
  }

  #views(): readonly (Traveler & MemoryView)[] {
    const changed = this.#seen ? [] : null;
    this.#seen = true;
    return this.#travelers.map((traveler) => ({ ...traveler, changed }));
  }

  hold(): Promise<Either<MigrateError, Held>> {
    const travelers = this.#views();
    const { carrier } = this.#options;
    const ties = carrier?.holdOnward(this.#leavers(), this.#ties, this.#where) ?? E.right(this.#ties);
    if (E.isLeft(ties)) return Promise.resolve(ties);
    this.#ties = ties.right;
    const cargo = [...cargoOf(ties.right), ...offersCargo(this.#offers)];
    return Promise.resolve(E.right({ travelers, cargo, since: performance.now() }));
  }

  async offer(task: string, to: string): Promise<Either<MigrateError, void>> {
    const offers = await this.#options.decisions.offer(task, to, this.#leavers());
    this.#offers = E.isLeft(offers) ? [] : offers.right;
    return E.isLeft(offers) ? offers : tooMany(this.#offers);
  }

  #leavers(): readonly Leaver[] {
    return this.#travelers.map(({ manifest: { name, identity, generation } }) => ({
      ...{ name, identity, generation },
    }));
  }

  resume(): void {
    this.#options.carrier?.stay(this.#leavers());
  }

  async release(task: string, to: string): Promise<Either<MigrateError, void>> {
    const { carrier, decisions, gone, peer } = this.#options;
    const leavers = this.#leavers();
    const noted = carrier?.leaving(leavers, this.#ties, peer(to)) ?? [];
    const released = await decisions.release(task, to, leavers, noted);
    if (E.isLeft(released)) return released;
    await gone();
    await carrier?.left(leavers, noted);
    return released;
  }

  close(): void {
    this.#travelers = [];
    this.#options.free();
  }
}
