// Regions as memory of the machine: where a region map's attachments really lie.
import type { RegionObject } from "../core/region-map.ts";
import type { Machine } from "../engine/machine.ts";

/** Addresses in the machine: the region's memory, and the box of its ArrayBuffer. */
export interface HeldRegion {
  readonly pointer: number;
  readonly box: number;
}

/** From now on, the region is the memory at `pointer`. */
export const mapRegion = (machine: Machine, region: RegionObject, pointer: number): void => {
  region.memory = () => machine.bytes.subarray(pointer, pointer + region.dataspace.bytes);
};

/** Allocates a region's memory, with its dataspace's content; null where there is none left. */
export const holdRegion = (machine: Machine, region: RegionObject): HeldRegion | null => {
  const { bytes, content } = region.dataspace;
  const pointer = machine.allocate(Math.max(bytes, 1));
  if (pointer === null) return null;
  const held = machine.hold(pointer, bytes);
  if (held === null) {
    machine.free(pointer);
    return null;
  }
  if (content !== null) machine.bytes.set(content, pointer);
  mapRegion(machine, region, pointer);
  return { pointer, box: held.box };
};

/** Takes a region's memory away from the component. */
export const dropRegion = (machine: Machine, held: HeldRegion): void => {
  machine.detach({ box: held.box });
  machine.free(held.pointer);
};
