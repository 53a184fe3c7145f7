// RM, served: where dataspaces are attached. Each protection domain's memory is its own, so an attachment is a
// copy in it; attachments of one dataspace are brought up to date by their differences at the ends of turns.
import { E } from "../../lib/fp.ts";
import { selectorBehind } from "../../lib/selector.ts";
import { Region, Rm } from "../../lib/session/rm.ts";
import { isDataspace, type Accounts, type DataspaceObject } from "./ram.ts";
import type { CoreObject, Serving } from "./service.ts";

/** Regions lie at multiples of this, in bytes. */
const REGION_ALIGNMENT = 4096;
/** The region map's addresses, in bytes. The machine's own memory lies elsewhere. */
const FIRST_ADDRESS = 0x1000_0000;
const END_ADDRESS = 0x7fff_0000;
/** Above this size, in bytes, only `publish` says what changed. */
const SCANNED_BYTES = 1 << 20;

export interface RegionObject extends Serving<typeof Region> {
  readonly dataspace: DataspaceObject;
  readonly address: number;
  /** The region's memory in the machine, once it is there. */
  memory: (() => Uint8Array) | null;
  /** Takes its changes into the dataspace, and from there into the other attachments. */
  publish(): ReturnType<Serving<typeof Region>["publish"]>;
}

export const isRegion = (object: CoreObject | undefined): object is RegionObject =>
  object?.contract === Region;

const roundUp = (bytes: number): number =>
  Math.max(REGION_ALIGNMENT, Math.ceil(bytes / REGION_ALIGNMENT) * REGION_ALIGNMENT);

/** All regions of one protection domain. */
export class RegionMap {
  readonly #regions = new Set<RegionObject>();

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

  attach(dataspace: DataspaceObject, address: number): RegionObject {
    const region: RegionObject = {
      contract: Region,
      dataspace,
      address,
      memory: null,
      publish: () => {
        this.#propagate(region);
        return E.right(undefined);
      },
      life: {
        release: () => {
          if (region.memory !== null) this.#propagate(region);
          this.#regions.delete(region);
        },
      },
    };
    this.#regions.add(region);
    return region;
  }

  /** At the end of a turn: what one attachment changed, the others of its dataspace get. */
  synchronise(): void {
    if (this.#regions.size < 2) return;
    for (const region of this.#regions) {
      const { dataspace } = region;
      if (dataspace.bytes > SCANNED_BYTES || region.memory === null) continue;
      for (const other of this.#regions)
        if (other !== region && other.dataspace === dataspace && other.memory !== null) {
          this.#propagate(region);
          break;
        }
    }
  }

  /** Whether the machine's memory tells the dataspace's content: by its only attachment, or by several in which
   *  nothing waits to be published. */
  holds(dataspace: DataspaceObject): boolean {
    const held = [...this.#regions].filter(
      (region) => region.dataspace === dataspace && region.memory !== null,
    );
    return (
      held.length === 1 ||
      (held.length > 1 && held.every((region) => Buffer.compare(region.memory!(), dataspace.content) === 0))
    );
  }

  /** Takes the dataspace's content from the machine's memory, where that `holds` it. */
  recall(dataspace: DataspaceObject): void {
    for (const region of this.#regions)
      if (region.dataspace === dataspace && region.memory !== null) {
        dataspace.content.set(region.memory());
        return;
      }
  }

  /** Brings the dataspaces up to date with their attachments, as before another attachment. */
  collect(): void {
    for (const region of this.#regions) if (region.memory !== null) this.#propagate(region);
  }

  #propagate(region: RegionObject): void {
    const { dataspace } = region;
    const memory = region.memory?.();
    if (memory === undefined || Buffer.compare(memory, dataspace.content) === 0) return;
    const others = [...this.#regions].filter(
      (other) => other !== region && other.dataspace === dataspace && other.memory !== null,
    );
    if (others.length === 0) {
      dataspace.content.set(memory);
      return;
    }
    const views = others.map((other) => other.memory!());
    for (let i = 0; i < memory.length; i++) {
      if (memory[i] === dataspace.content[i]) continue;
      const value = memory[i]!;
      dataspace.content[i] = value;
      for (const view of views) view[i] = value;
    }
  }
}

export const makeRm = (accounts: Accounts, map: RegionMap): Serving<typeof Rm> => ({
  contract: Rm,
  attach(dataspace, options) {
    const object = accounts.object(selectorBehind(dataspace));
    if (!isDataspace(object)) return E.left({ tag: "Closed", what: "the dataspace" });
    const at = options?.at;
    const address = map.place(object.bytes, at);
    if (address === null)
      return E.left({
        tag: "InvalidArgument",
        method: "RM.attach",
        place: "at",
        expected: `a free address, a multiple of ${REGION_ALIGNMENT} from ${FIRST_ADDRESS} to ${END_ADDRESS}`,
        actual: at === undefined ? "none left" : String(at),
      });
    const { quota, used } = accounts.ram();
    if (object.bytes > quota - used)
      return E.left({ tag: "QuotaExceeded", resource: "ram", wanted: object.bytes, available: quota - used });
    return E.right(map.attach(object, address));
  },
  detach: (region) =>
    isRegion(accounts.object(selectorBehind(region)))
      ? E.right(undefined)
      : E.left({ tag: "Closed", what: "the region" }),
});
