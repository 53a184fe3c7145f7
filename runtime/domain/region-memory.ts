// Regions as memory of the machine: where a region map's attachments really lie, and how a component gets to have them
// and loses them again.
import type { SessionError } from "../../lib/error.ts";
import { REPLY_ERROR, REPLY_REGION } from "../../lib/guest/abi.ts";
import { isRegion, type RegionMap, type RegionObject } from "../core/region-map.ts";
import type { CoreObject } from "../core/service.ts";
import type { Fault } from "../engine/fault.ts";
import type { Machine } from "../engine/machine.ts";
import type { CapabilityRecord } from "../intercept/ledger.ts";
import type { CallDesk } from "./call-desk.ts";
import type { DomainEvent } from "./call.ts";

/** Addresses in the machine: the region's memory, and the box of its ArrayBuffer. */
interface HeldRegion {
  readonly pointer: number;
  readonly box: number;
}

export class RegionMemory {
  readonly #machine: Machine;
  readonly #desk: CallDesk;
  readonly #map: RegionMap;

  constructor(machine: Machine, desk: CallDesk, map: RegionMap) {
    this.#machine = machine;
    this.#desk = desk;
    this.#map = map;
  }

  /** The turn that is delivered a region: its memory is made for it, or it is told why not. `budget` as the machine's. */
  deliver({ slot, region: selector }: DomainEvent, budget: number): Fault | null {
    const region = this.#desk.capabilities.get(selector)?.object as RegionObject | undefined;
    const held = region === undefined ? null : this.#hold(selector, region);
    if (held !== null) return this.#machine.deliver(slot, REPLY_REGION, held, region!.address, budget);
    const { quota, used } = this.#desk.ram();
    const error: SessionError =
      region === undefined
        ? { tag: "Closed", what: "the region" }
        : {
            tag: "QuotaExceeded",
            resource: "ram",
            wanted: region.dataspace.bytes,
            available: Math.max(0, quota - used),
          };
    this.#desk.record((ledger) => void delete ledger.capabilities[String(selector)]);
    return this.#machine.deliver(slot, REPLY_ERROR, JSON.stringify(error), 0, budget);
  }

  /** A region of a snapshot is at its selector: it is the memory that it was. */
  adopt(selector: number, object: CoreObject): void {
    const record = this.#desk.ledger.capabilities[String(selector)];
    if (isRegion(object) && record?.kind === "region" && record.held !== null)
      this.#lay(object, record.held.pointer);
  }

  /** A capability has left the ledger: where it was a region, its memory is taken away from the component. */
  dropped(record: CapabilityRecord): void {
    if (record.kind !== "region" || record.held === null) return;
    this.#machine.detach({ box: record.held.box });
    this.#machine.free(record.held.pointer);
  }

  /** Takes away the regions of dataspaces for which `of` holds. */
  detach(of: (dataspace: CoreObject | undefined) => boolean): void {
    this.#desk.record((ledger) => {
      for (const [selector, record] of Object.entries(ledger.capabilities))
        if (record.kind === "region" && of(this.#desk.capabilities.get(record.dataspace)?.object))
          delete ledger.capabilities[selector];
    });
  }

  #hold(selector: number, region: RegionObject): HeldRegion | null {
    this.#map.collect();
    const held = this.#allocated(region);
    if (held !== null)
      this.#desk.record((ledger) => {
        const record = ledger.capabilities[String(selector)];
        if (record?.kind === "region") record.held = held;
      });
    return held;
  }

  /** Memory with the content of the region's dataspace; null where there is none left. */
  #allocated(region: RegionObject): HeldRegion | null {
    const { bytes, content } = region.dataspace;
    const pointer = this.#machine.allocate(Math.max(bytes, 1));
    if (pointer === null) return null;
    const held = this.#machine.hold(pointer, bytes);
    if (held === null) {
      this.#machine.free(pointer);
      return null;
    }
    if (content !== null) this.#machine.bytes.set(content, pointer);
    this.#lay(region, pointer);
    return { pointer, box: held.box };
  }

  /** From now on, the region is the memory at `pointer`. */
  #lay(region: RegionObject, pointer: number): void {
    region.memory = () => this.#machine.bytes.subarray(pointer, pointer + region.dataspace.bytes);
  }
}
