// The order in which a ledger's capabilities come back: each after what it was made from.
import { FIRST_GIVEN } from "../../lib/guest/abi.ts";
import type { CapabilityRecord, Ledger } from "../intercept/ledger.ts";

export const recordsInOrder = (ledger: Ledger): [number, CapabilityRecord][] =>
  Object.entries(ledger.capabilities)
    .map(([selector, record]): [number, CapabilityRecord] => [Number(selector), record])
    // What came in with a message may be what others were made from.
    .sort(([a], [b]) => Number(b >= FIRST_GIVEN) - Number(a >= FIRST_GIVEN) || a - b);
