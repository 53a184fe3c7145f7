// What a revival tells those who ask: which handles came back from outside, and where they stand.
import type { RevivedInfo } from "../../lib/guest/abi.ts";
import { memoryBehind } from "../core/dataspace.ts";
import { remoteBehind } from "../core/remote-object.ts";
import type { Rejoined } from "../domain/memory-desk.ts";
import type { ProtectionDomain } from "../domain/protection-domain.ts";
import type { Router } from "../domain/router.ts";
import { recordsInOrder } from "./record-order.ts";
import type { Snapshot } from "./snapshot.ts";

const placeOf = (position: unknown): number | null => {
  const { offset, received, version } = (position ?? {}) as Record<string, unknown>;
  const place = offset ?? received ?? version;
  return typeof place === "number" ? place : null;
};

/** One entry for each handle that came back from outside. */
export const reopenedHandles = (
  { ledger, positions }: Snapshot,
  router: Router,
  domain: ProtectionDomain,
  rejoined: readonly Rejoined[],
): RevivedInfo["reopened"] => {
  const known = new Map(positions);
  return recordsInOrder(ledger).flatMap(([selector, record]) => {
    const position = placeOf(known.get(selector));
    const object = domain.object(selector);
    const changed = remoteBehind(object)?.renewed === true ? "new session" : object?.life?.changed;
    const told = changed === undefined ? {} : { changed };
    if (record.kind === "session")
      return [
        {
          kind: record.service.toLowerCase(),
          provider: router.provider(record.service, record.label),
          name: record.label,
          position,
          ...told,
        },
      ];
    const handle = { kind: record.kind, provider: "", name: "", position: null };
    const memory = rejoined.find((each) => each.memory === memoryBehind(object));
    const anew = (memory?.changed ?? null) === null ? {} : { changed: memory!.changed! };
    if (record.kind === "delegated")
      return [{ ...handle, kind: record.service.toLowerCase(), provider: record.child, ...anew }];
    // Its own dataspaces are no handles on anything outside, unless others have them, too.
    if (record.kind === "dataspace") return memory === undefined ? [] : [{ ...handle, ...anew }];
    if (record.kind !== "file") return [];
    const session = ledger.capabilities[String(record.session)];
    const provider = session?.kind === "session" ? router.provider(session.service, session.label) : "";
    return [{ kind: "file", provider, name: record.path, position, ...told }];
  });
};
