// What the types of a snapshot leave open: that its parts fit one another and the memory beside it. An image may
// be anybody's, and what passes here is acted upon without a further look.
import { FIRST_SELECTOR } from "../../lib/guest/abi.ts";
import { FileSystem } from "../../lib/session/file-system.ts";
import { PAGE_BYTES } from "../engine/wasm-module.ts";
import type { CapabilityRecord, Ledger } from "../intercept/ledger.ts";
import type { Snapshot } from "./snapshot.ts";
import { sizeOfDataspace, unsoundMemory } from "./unsound-memory.ts";

export interface Unsound {
  readonly place: string;
  readonly expected: string;
  readonly actual: string;
}

/** Selectors are 32-bit words of the component's. */
const LAST_SELECTOR = 2 ** 31 - 1;
const BOX_BYTES = 8;

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

const recordAt = (ledger: Ledger, selector: number): CapabilityRecord | undefined => {
  const key = String(selector);
  return Object.hasOwn(ledger.capabilities, key) ? ledger.capabilities[key] : undefined;
};

const unsoundRecord = (ledger: Ledger, selector: string, memoryBytes: number): Unsound | null => {
  const number = Number(selector);
  const record = ledger.capabilities[selector]!;
  const place = `capability ${selector.slice(0, 80)}`;
  // The codec lets keys that are no selectors pass, and with them their values.
  if (!(number >= FIRST_SELECTOR && number <= LAST_SELECTOR) || String(number) !== selector)
    return {
      place,
      expected: `a selector from ${FIRST_SELECTOR} to ${LAST_SELECTOR}`,
      actual: selector.slice(0, 80),
    };
  if (record.kind === "session" && !isJson(record.args))
    return { place: `the arguments of ${place}`, expected: "JSON", actual: record.args.slice(0, 80) };
  if (record.kind === "file") {
    const session = recordAt(ledger, record.session);
    if (session?.kind !== "session" || session.service !== FileSystem.service || record.session >= number)
      return {
        place: `the session of ${place}`,
        expected: "an earlier File_system session",
        actual: `${record.session}, ${session?.kind ?? "nothing"}`,
      };
  }
  if (record.kind === "region") {
    const dataspace = recordAt(ledger, record.dataspace);
    const bytes = sizeOfDataspace(dataspace);
    if (bytes === null)
      return {
        place: `the dataspace of ${place}`,
        expected: "a dataspace",
        actual: `${record.dataspace}, ${dataspace?.kind ?? "nothing"}`,
      };
    const { held } = record;
    if (
      held !== null &&
      (held.pointer + bytes > memoryBytes || held.box + BOX_BYTES > memoryBytes || held.box % BOX_BYTES !== 0)
    )
      return {
        place: `the memory of ${place}`,
        expected: `addresses below ${memoryBytes}`,
        actual: `${held.pointer} and ${held.box}`,
      };
  }
  return null;
};

/** The first thing that can't be, or null. `memoryBytes`: the size of the memory that comes with it. */
export const unsound = (snapshot: Snapshot, memoryBytes: number): Unsound | null => {
  const { ledger, inbox } = snapshot;
  if (memoryBytes % PAGE_BYTES !== 0)
    return {
      place: "the memory",
      expected: `a multiple of ${PAGE_BYTES} bytes`,
      actual: `${memoryBytes} bytes`,
    };
  for (const selector of Object.keys(ledger.capabilities)) {
    const found = unsoundRecord(ledger, selector, memoryBytes);
    if (found !== null) return found;
  }
  const memory = unsoundMemory(snapshot);
  if (memory !== null) return memory;
  for (const { region } of inbox) {
    const record = region === 0 ? undefined : recordAt(ledger, region);
    if (record !== undefined && (record.kind !== "region" || record.held !== null))
      return { place: "the region of a reply", expected: "one that is not held yet", actual: String(region) };
  }
  return null;
};
