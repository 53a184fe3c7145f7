// Where dataspaces are attached. Each protection domain's memory is its own, so an attachment is a copy in it;
// attachments of one dataspace are brought up to date by their differences at the ends of turns.
import { E } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import { Region } from "../../lib/session/rm.ts";
import type { DataspaceMemory } from "./dataspace.ts";
import { applyDifference, differenceBetween, eachRun } from "./difference.ts";
import type { CoreObject, Serving } from "./service.ts";

/** Regions lie at multiples of this, in bytes. */
export const REGION_ALIGNMENT = 4096;
/** The region map's addresses, in bytes. The machine's own memory lies elsewhere. */
export const FIRST_ADDRESS = 0x1000_0000;
export const END_ADDRESS = 0x7fff_0000;
/** Above this size, in bytes, only `publish` says what changed. */
const SCANNED_BYTES = 1 << 20;

export interface RegionObject extends Serving<typeof Region> {
  readonly dataspace: DataspaceMemory;
  readonly address: number;
  /** The region's memory in the machine, once it is there. */
  memory: (() => Uint8Array) | null;
}

export const isRegion = (object: CoreObject | undefined): object is RegionObject =>
  object?.contract === Region;

const roundUp = (bytes: number): number =>
  Math.max(REGION_ALIGNMENT, Math.ceil(bytes / REGION_ALIGNMENT) * REGION_ALIGNMENT);

const outside = (place: string, actual: number, bytes: number): SessionError => ({
  tag: "InvalidArgument",
  method: "Region.publish",
  place,
  expected: `within the region's ${bytes} bytes`,
  actual: String(actual),
});

/** All regions of one protection domain. */
export class RegionMap {
  readonly #regions = new Set<RegionObject>();
  /** Dataspaces attached here that others share: changes are looked for at the end of each turn. */
  shared = 0;

  #free(address: number, bytes: number): boolean {
    if (address < FIRST_ADDRESS || address + bytes > END_ADDRESS) return false;
    for (const region of this.#regions)
      if (address < region.address + roundUp(region.dataspace.bytes) && region.address < address + bytes)
        return false;
    return true;
  }

  /** The place for `bytes` bytes: `at` if it is free, or the lowest that is; null where there is none. */
  place(bytes: number, at: number | undefined): number | null {
    const size = roundUp(bytes);
    if (at !== undefined) return at % REGION_ALIGNMENT === 0 && this.#free(at, size) ? at : null;
    const ends = [...this.#regions].map((region) => region.address + roundUp(region.dataspace.bytes));
    const candidates = [FIRST_ADDRESS, ...ends].sort((a, b) => a - b);
    return candidates.find((address) => this.#free(address, size)) ?? null;
  }

  attach(dataspace: DataspaceMemory, address: number): RegionObject {
    const { bytes } = dataspace;
    const region: RegionObject = {
      contract: Region,
      dataspace,
      address,
      memory: null,
      publish: (part) => {
        const from = part?.at ?? 0;
        if (from > bytes) return E.left(outside("at", from, bytes));
        const length = part?.bytes ?? bytes - from;
        if (length > bytes - from) return E.left(outside("bytes", length, bytes));
        this.#propagate(region, from, from + length);
        return E.right(undefined);
      },
      life: {
        dismissed: () => this.#propagate(region, 0, bytes),
        release: () => {
          // At a freeze the image holds what the memory says.
          this.#regions.delete(region);
          if (!this.holdsAny(dataspace)) dataspace.sharing?.detached();
        },
      },
    };
    this.#regions.add(region);
    return region;
  }

  *#attached(dataspace: DataspaceMemory): Generator<Uint8Array> {
    for (const region of this.#regions)
      if (region.dataspace === dataspace && region.memory !== null) yield region.memory();
  }

  /** Whether it is attached, or about to be. */
  holdsAny(dataspace: DataspaceMemory): boolean {
    for (const region of this.#regions) if (region.dataspace === dataspace) return true;
    return false;
  }

  /** At the end of a turn: what one attachment changed, the others of its dataspace get. */
  synchronise(): void {
    if (this.#regions.size < 2 && this.shared === 0) return;
    for (const region of this.#regions) {
      const { dataspace } = region;
      if (dataspace.bytes > SCANNED_BYTES || region.memory === null) continue;
      if (dataspace.sharing !== null || this.#others(region).length > 0)
        this.#propagate(region, 0, dataspace.bytes);
    }
  }

  #others(region: RegionObject): readonly RegionObject[] {
    return [...this.#regions].filter(
      (other) => other !== region && other.dataspace === region.dataspace && other.memory !== null,
    );
  }

  /** What another domain has changed, between two turns. What was written here and not published yet stays. */
  apply(dataspace: DataspaceMemory, difference: Uint8Array): void {
    const { bytes, content } = dataspace;
    if (content === null) return;
    for (const memory of this.#attached(dataspace)) {
      if (bytes <= SCANNED_BYTES) applyDifference(difference, memory);
      else
        eachRun(difference, (offset, at, length) => {
          for (let i = 0; i < length; i++)
            if (memory[offset + i] === content[offset + i]) memory[offset + i] = difference[at + i]!;
        });
    }
    applyDifference(difference, content);
  }

  /** Whether the machine's memory tells the dataspace's content: by its only attachment, or by several in which
   *  nothing waits to be published. */
  holds(dataspace: DataspaceMemory): boolean {
    const { content, sharing } = dataspace;
    const held = [...this.#attached(dataspace)];
    if (content === null || held.length === 0) return false;
    return (
      (held.length === 1 && sharing === null) || held.every((memory) => Buffer.compare(memory, content) === 0)
    );
  }

  /** Takes the dataspace's content from the machine's memory, where that `holds` it. */
  recall(dataspace: DataspaceMemory): void {
    for (const memory of this.#attached(dataspace)) {
      dataspace.content?.set(memory);
      return;
    }
  }

  /** Brings the dataspaces up to date with their attachments, as before another attachment. What others share is
   *  published by nothing but its own rule. */
  collect(): void {
    for (const region of this.#regions)
      if (region.dataspace.sharing === null) this.#propagate(region, 0, region.dataspace.bytes);
  }

  #propagate(region: RegionObject, from: number, to: number): void {
    const { content, sharing } = region.dataspace;
    const memory = region.memory?.();
    if (memory === undefined || content === null) return;
    const others = this.#others(region);
    if (others.length === 0 && sharing === null) {
      content.set(memory);
      return;
    }
    const difference = differenceBetween(content, memory, from, to);
    if (difference === null) return;
    applyDifference(difference, content);
    for (const other of others) applyDifference(difference, other.memory!());
    sharing?.changed(difference);
  }
}
