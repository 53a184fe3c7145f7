// What an image claims without anybody to grant it: each session and each right, refused by name.
import { E } from "../../lib/fp.ts";
import type { OpenMode } from "../../lib/session/file-system.ts";
import type { CapabilityRecord } from "../intercept/ledger.ts";
import type { Missing } from "./checkpoint-error.ts";
import { Snapshot } from "./snapshot.ts";

const rightsOf = ({ read, write, create, append, truncate }: OpenMode): readonly string[] => {
  const writes = write === true || append === true || truncate === true;
  return [
    ...(read === true || !writes ? ["read"] : []),
    ...(writes ? ["write"] : []),
    ...(create === true ? ["create"] : []),
  ];
};

/** Everything that the snapshot holds by grace of a host, denied for `reason`; nothing where it is malformed. */
export const deniedClaims = (snapshot: unknown, reason: string): readonly Missing[] => {
  const read = Snapshot.decode(snapshot);
  if (E.isLeft(read)) return [];
  const { capabilities, usesLog, usesTimer } = read.right.ledger;
  const records = Object.entries(capabilities);
  const denied = (service: string, label: string, right?: string): Missing => ({
    service,
    name: label,
    error: { tag: "Denied", service, label, ...(right === undefined ? {} : { right }), reason },
  });
  const rightsBehind = (selector: string): readonly string[] => [
    ...new Set(
      records.flatMap(([, record]: [string, CapabilityRecord]) =>
        record.kind === "file" && String(record.session) === selector ? rightsOf(record.mode) : [],
      ),
    ),
  ];
  return [
    ...(usesLog ? [denied("LOG", "")] : []),
    ...(usesTimer ? [denied("Timer", "")] : []),
    ...records.flatMap(([selector, record]) => {
      if (record.kind !== "session") return [];
      const rights = rightsBehind(selector);
      return rights.length === 0
        ? [denied(record.service, record.label)]
        : rights.map((right) => denied(record.service, record.label, right));
    }),
  ];
};
