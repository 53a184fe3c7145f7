// What the types of a snapshot leave open about shared dataspaces: that copies have the size that their records say,
// stand at places that fit it, and wait for differences of it.
import { Dataspace } from "../../lib/session/ram.ts";
import { isPlaceOf, type PlaceRecord } from "../core/dataspace-place.ts";
import { isDifference } from "../core/difference.ts";
import { RemotePosition } from "../core/remote.ts";
import { MEMORY_CHANGED, MEMORY_SLOT } from "../domain/memory-event.ts";
import type { CapabilityRecord } from "../intercept/ledger.ts";
import { DataspacePosition } from "../intercept/ram.ts";
import type { Snapshot } from "./snapshot.ts";
import type { Unsound } from "./unsound.ts";

/** In bytes, of a dataspace that was allocated here or handed over; null for anything else. */
export const sizeOfDataspace = (record: CapabilityRecord | undefined): number | null => {
  if (record?.kind === "dataspace") return record.bytes;
  if (record?.kind !== "delegated" || record.service !== Dataspace.service || !record.native) return null;
  return record.bytes ?? null;
};

interface Known {
  readonly bytes: number;
  /** Whether there is a copy that was handed over: its content is no quota's but this one's. */
  readonly taken: boolean;
}

const placesOf = (
  position: unknown,
): readonly { readonly id: string; readonly place: PlaceRecord | null }[] => {
  if (DataspacePosition.is(position)) return position.shared === undefined ? [] : [position.shared];
  if (!RemotePosition.is(position) || position.dataspace === undefined) return [];
  const { id, copy } = position.dataspace;
  return [{ id, place: copy?.place ?? null }];
};

/** The shared dataspaces that a snapshot has copies of, by name, or what is wrong with one. */
const sharedOf = ({ ledger, positions }: Snapshot): ReadonlyMap<string, Known> | Unsound => {
  const known = new Map<string, Known>();
  for (const [selector, position] of positions) {
    const record = ledger.capabilities[String(selector)];
    const bytes = sizeOfDataspace(record);
    for (const { id, place } of placesOf(position)) {
      const before = known.get(id);
      if (bytes === null || (before !== undefined && before.bytes !== bytes))
        return {
          place: `the dataspace of capability ${selector}`,
          expected: before === undefined ? "a dataspace" : `${before.bytes} bytes, as elsewhere`,
          actual: bytes === null ? (record?.kind ?? "nothing") : `${bytes} bytes`,
        };
      if (place !== null && !isPlaceOf(place, bytes))
        return {
          place: `the place of capability ${selector}`,
          expected: `one in ${bytes} bytes`,
          actual: "another",
        };
      const taken = before?.taken === true || (place !== null && record?.kind === "delegated");
      known.set(id, { bytes, taken });
    }
  }
  return known;
};

/** The first thing that can't be, or null. */
export const unsoundMemory = (snapshot: Snapshot): Unsound | null => {
  const known = sharedOf(snapshot);
  if (!(known instanceof Map)) return known as Unsound;
  for (const { slot, form, value, about } of snapshot.inbox) {
    if (slot !== MEMORY_SLOT || form !== MEMORY_CHANGED) continue;
    const bytes = (known as ReadonlyMap<string, Known>).get(about ?? "")?.bytes;
    if (!(value instanceof Uint8Array) || (bytes !== undefined && !isDifference(value, bytes)))
      return {
        place: "a difference that waits",
        expected: `one of ${bytes} bytes`,
        actual: "something else",
      };
  }
  return null;
};

/** Bytes of the copies that a snapshot has of others' dataspaces. */
export const bytesOfCopies = (snapshot: Snapshot): number => {
  const known = sharedOf(snapshot);
  if (!(known instanceof Map)) return 0;
  let bytes = 0;
  for (const each of (known as ReadonlyMap<string, Known>).values()) if (each.taken) bytes += each.bytes;
  return bytes;
};
