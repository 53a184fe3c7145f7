// The dataspaces that a protection domain shares with others: which it has copies of, what it tells their homes, and
// what it hears from them.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { DataspaceMemory, type Sharing } from "../core/dataspace.ts";
import { copyOf, firstPlace, type Place, type PlaceRecord } from "../core/dataspace-place.ts";
import { applyDifference } from "../core/difference.ts";
import type { LinkPower } from "../core/link.ts";
import type { RegionMap } from "../core/region-map.ts";
import type { Answer } from "../core/service.ts";
import type { SharedCopy, SharedName, SharedToDomain } from "../core/shared-message.ts";
import type { DomainEvent } from "./call.ts";
import { MemoryCopy } from "./memory-copy.ts";
import {
  MEMORY_CHANGED,
  MEMORY_GONE,
  MEMORY_REVOKED,
  memoryEvent,
  type MemoryEvent,
} from "./memory-event.ts";

/** A dataspace that is shared, in bytes at most. */
const MOST_SHARED_BYTES = 64 << 20;
/** Dataspaces that one domain shares at a time. */
const MOST_SHARED = 256;
/** Bytes changed here that their homes have not placed yet: beyond them, no further turn begins. */
const MOST_UNTAKEN_BYTES = 4 << 20;
/** Of what arrives, each so many bytes are acknowledged together. */
const DIGESTED_BYTES = 1 << 20;

const closed: SessionError = { tag: "Closed", what: "the dataspace" };

/** What the desk asks of its domain. */
export interface MemoryWorld {
  readonly regions: RegionMap;
  /** A name that nothing else has. */
  name(): string;
  /** An event waits for its place. */
  reply(event: DomainEvent): void;
  /** Something that was waited for has come. */
  completed(): void;
  /** Takes away what is attached of a dataspace. */
  detachMemory(memory: DataspaceMemory): void;
  /** Takes away what is attached by way of a link. */
  detachLink(link: string): void;
}

/** A copy of a snapshot. */
export interface RestoredCopy {
  readonly place: PlaceRecord;
  readonly content: Uint8Array;
}

/** How a copy of the past came back. */
export interface Rejoined {
  readonly memory: DataspaceMemory;
  readonly error: SessionError | null;
  /** What became of its content, where it is not what it was. */
  readonly changed: string | null;
}

/** A dataspace that this domain shares. */
class Shared implements Sharing {
  readonly id: string;
  readonly memory: DataspaceMemory;
  readonly #desk: MemoryDesk;
  /** Whether it was allocated here. */
  own: boolean;
  /** Capabilities to it that came in. */
  held = 0;
  gone = false;
  copy: MemoryCopy | null = null;
  /** Bytes of own differences that the home has not answered, in order. */
  readonly untaken: number[] = [];
  /** Those who wait for a copy. */
  fetching: ((error: SessionError | null) => void)[] = [];
  rejoining: ((how: Rejoined) => void) | null = null;

  constructor(id: string, memory: DataspaceMemory, own: boolean, desk: MemoryDesk) {
    this.id = id;
    this.memory = memory;
    this.own = own;
    this.#desk = desk;
  }
  changed(difference: Uint8Array): void {
    this.#desk.changed(this, difference);
  }
  detached(): void {
    this.#desk.leave(this);
  }
  freed(): void {
    this.#desk.freed(this);
  }
}

export class MemoryDesk {
  readonly #world: MemoryWorld;
  readonly #power: LinkPower;
  readonly #shared = new Map<string, Shared>();
  /** Own differences that homes have not answered, and their bytes. */
  #untaken = 0;
  #untakenBytes = 0;
  /** Of the differences that wait, the bytes that came, in order. */
  #arrived: number[] = [];
  #digested = 0;
  #ended = false;

  constructor(world: MemoryWorld, power: LinkPower) {
    this.#world = world;
    this.#power = power;
  }

  /** Whether too much was changed here that others don't know of yet. */
  get congested(): boolean {
    return this.#untakenBytes > MOST_UNTAKEN_BYTES;
  }

  // --- capabilities

  /** The name by which another domain knows a dataspace; it is shared from now on. */
  share(memory: DataspaceMemory): Answer<SharedName> {
    const { bytes, sharing } = memory;
    if (sharing !== null) return sharing.gone ? E.left(closed) : E.right({ id: sharing.id, bytes });
    if (bytes > MOST_SHARED_BYTES)
      return E.left({ tag: "TooLarge", what: "a shared dataspace", bytes, limit: MOST_SHARED_BYTES });
    const own = [...this.#shared.values()].filter((each) => each.own).length;
    if (own >= MOST_SHARED)
      return E.left({
        tag: "QuotaExceeded",
        resource: "caps",
        wanted: 1,
        available: 0,
      });
    this.#world.regions.collect();
    const shared = this.#add(this.#world.name(), memory, true);
    const content = memory.content!;
    this.#power.send({ kind: "share", dataspace: shared.id, content });
    this.#begin(shared, firstPlace(shared.id), content);
    return E.right({ id: shared.id, bytes });
  }

  /** The memory behind a capability that came in. `drop` must follow when the capability goes. */
  hold({ id, bytes }: SharedName): DataspaceMemory {
    const shared = this.#shared.get(id) ?? this.#add(id, new DataspaceMemory(bytes, null), false);
    shared.held++;
    return shared.memory;
  }

  drop(memory: DataspaceMemory): void {
    const shared = this.#of(memory);
    if (shared === undefined) return;
    shared.held--;
    this.#forget(shared);
  }

  /** Where there is neither a capability to it nor an answer to come, it is not known any more. */
  #forget(shared: Shared): void {
    if (shared.held === 0 && !shared.own && shared.untaken.length === 0) this.#shared.delete(shared.id);
  }

  #add(id: string, memory: DataspaceMemory, own: boolean): Shared {
    const shared = new Shared(id, memory, own, this);
    memory.sharing = shared;
    this.#shared.set(id, shared);
    return shared;
  }

  #of({ sharing }: DataspaceMemory): Shared | undefined {
    return sharing === null ? undefined : this.#shared.get(sharing.id);
  }

  // --- copies

  fetch(memory: DataspaceMemory): Promise<SessionError | null> | null {
    if (memory.content !== null) return null;
    const shared = this.#of(memory);
    if (shared === undefined || shared.gone) return Promise.resolve(closed);
    return new Promise((resolve) => {
      shared.fetching.push(resolve);
      if (shared.fetching.length === 1) this.#power.send({ kind: "fetch", dataspace: shared.id });
    });
  }

  #begin(shared: Shared, place: Place, content: Uint8Array): void {
    shared.copy = new MemoryCopy(shared.id, place);
    shared.memory.content = content;
    this.#world.regions.shared++;
  }

  #end(shared: Shared): void {
    if (shared.copy === null) return;
    shared.copy = null;
    shared.memory.content = null;
    this.#world.regions.shared--;
  }

  changed(shared: Shared, difference: Uint8Array): void {
    if (shared.copy === null || shared.gone || this.#ended) return;
    shared.copy.own(difference);
    shared.untaken.push(difference.length);
    this.#untaken++;
    this.#untakenBytes += difference.length;
    this.#power.send({ kind: "differ", dataspace: shared.id, difference });
  }

  leave(shared: Shared): void {
    if (shared.copy === null || shared.own || this.#ended) return;
    this.#end(shared);
    if (!shared.gone) this.#power.send({ kind: "leave", dataspace: shared.id });
  }

  freed(shared: Shared): void {
    if (this.#ended) return;
    this.#vanish(shared);
    this.#power.send({ kind: "free", dataspace: shared.id });
    shared.own = false;
    this.#forget(shared);
  }

  #vanish(shared: Shared): void {
    shared.gone = true;
    this.#world.detachMemory(shared.memory);
    this.#end(shared);
  }

  // --- what homes say

  hear(message: SharedToDomain): void {
    const shared = this.#shared.get(message.dataspace);
    if (shared === undefined) return;
    switch (message.kind) {
      case "taken":
        return this.#taken(shared, message.number);
      case "fetched": {
        const waiting = shared.fetching;
        shared.fetching = [];
        if (message.error === null) this.#begin(shared, message.place, message.content);
        for (const resolve of waiting) resolve(message.error);
        return this.#world.completed();
      }
      case "changed": {
        if (shared.copy === null) return;
        const { number, difference, place } = message;
        const event = shared.copy.arrived(number, difference);
        if (place !== null) shared.copy.place = place;
        this.#arrived.push(difference.length);
        return this.#world.reply(event);
      }
      case "gone":
        return this.#world.reply(memoryEvent(MEMORY_GONE, shared.id, 0));
      case "rejoined":
        return this.#rejoined(shared, message);
    }
  }

  #taken(shared: Shared, number: number | null): void {
    const bytes = shared.untaken.shift();
    if (bytes === undefined) return;
    this.#untaken--;
    this.#untakenBytes -= bytes;
    shared.copy?.taken(number);
    this.#forget(shared);
    this.#world.completed();
  }

  /** A capability to a dataspace was taken back. */
  revoked(link: string): void {
    this.#world.reply(memoryEvent(MEMORY_REVOKED, link, 0));
  }

  /** Carries out an event whose place has come. */
  take(event: MemoryEvent): void {
    switch (event.form) {
      case MEMORY_CHANGED: {
        this.#digest(this.#arrived.shift() ?? 0);
        const shared = this.#shared.get(event.about);
        if (shared?.copy?.takes(event) === true) this.#world.regions.apply(shared.memory, event.value);
        return;
      }
      case MEMORY_GONE: {
        const shared = this.#shared.get(event.about);
        if (shared !== undefined) this.#vanish(shared);
        return;
      }
      case MEMORY_REVOKED:
        return this.#world.detachLink(event.about);
    }
  }

  #digest(bytes: number): void {
    this.#digested += bytes;
    if (this.#digested < DIGESTED_BYTES) return;
    this.#power.send({ kind: "digested", bytes: this.#digested });
    this.#digested = 0;
  }

  // --- freeze and revival

  /** Whether the homes have placed all that was changed here, and everything has come that was asked for. */
  get settled(): boolean {
    if (this.#untaken > 0) return false;
    for (const { fetching } of this.#shared.values()) if (fetching.length > 0) return false;
    return true;
  }

  /** The copy of a dataspace, as a snapshot keeps it beside the content; null where there is none here. */
  record({ bytes, sharing }: DataspaceMemory): SharedCopy | null {
    const copy = sharing === null ? null : (this.#shared.get(sharing.id)?.copy ?? null);
    return copy === null ? null : { id: copy.id, place: copy.whereabouts(bytes) };
  }

  /** A shared dataspace of a snapshot, with the copy of it that was there. `own`: it was allocated here; otherwise it is
   *  held by one capability more. */
  restore({ id, bytes }: SharedName, own: boolean, copy: RestoredCopy | null): DataspaceMemory {
    const shared = this.#shared.get(id) ?? this.#add(id, new DataspaceMemory(bytes, null), own);
    if (own) shared.own = true;
    else shared.held++;
    if (copy !== null && shared.copy === null) this.#begin(shared, copyOf(copy.place), copy.content);
    return shared.memory;
  }

  /** Events of a snapshot wait again. */
  requeue(events: readonly MemoryEvent[]): void {
    for (const event of events) {
      if (event.form !== MEMORY_CHANGED) continue;
      this.#arrived.push(0);
      this.#shared.get(event.about)?.copy?.await(event);
    }
  }

  /** Finds out what the copies of a snapshot have missed; that waits behind everything else. */
  rejoin(): Promise<readonly Rejoined[]> {
    const all = [...this.#shared.values()].flatMap((shared) => {
      const { id, own, copy, memory } = shared;
      if (copy === null) return [];
      const content = memory.content!.slice();
      for (const { value } of copy.waiting) applyDifference(value, content);
      const rejoined = new Promise<Rejoined>((resolve) => {
        shared.rejoining = resolve;
      });
      this.#power.send({ kind: "rejoin", dataspace: id, own, place: copy.place, content });
      return [rejoined];
    });
    return Promise.all(all);
  }

  #rejoined(
    shared: Shared,
    { error, place, difference, strange }: Extract<SharedToDomain, { readonly kind: "rejoined" }>,
  ): void {
    const { copy, memory } = shared;
    if (copy !== null && error === null) {
      copy.place = place;
      if (difference !== null) {
        const event = memoryEvent(MEMORY_CHANGED, shared.id, place.number, difference);
        copy.await(event);
        this.#arrived.push(difference.length);
        this.#world.reply(event);
      }
    }
    const changed = difference === null ? null : strange ? "another past" : "content";
    shared.rejoining?.({ memory, error, changed });
    shared.rejoining = null;
  }

  /** The domain is about to be released. `frozen`: an image has what is here. */
  release(frozen: boolean): void {
    this.#ended = true;
    if (!frozen) return;
    for (const { id, copy } of this.#shared.values())
      if (copy !== null) this.#power.send({ kind: "rest", dataspace: id, number: copy.place.number });
  }
}
