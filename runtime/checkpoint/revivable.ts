// What must hold before anything is acquired for a revival: the snapshot is sound, it fits the quota, and the routes
// grant what it names. Nothing here has an effect, so that several can be judged before the first is revived.
import { E, type Either } from "../../lib/fp.ts";
import { rightsToReopen } from "../core/file-system.ts";
import type { Router } from "../domain/router.ts";
import { usedBy, type Ledger } from "../intercept/ledger.ts";
import type { CheckpointError, Missing } from "./checkpoint-error.ts";
import { recordsInOrder } from "./record-order.ts";
import { Snapshot } from "./snapshot.ts";
import { unsound } from "./unsound.ts";
import { bytesOfCopies } from "./unsound-memory.ts";

/** What routes say before anything is asked of a provider. */
export type Grants = Pick<Router, "refusal" | "rights">;

export interface Quota {
  /** In bytes. */
  readonly ram: number;
  readonly caps: number;
}

export const malformed = (place: string, expected: string, actual: string): CheckpointError => ({
  tag: "Malformed",
  place,
  expected,
  actual,
});

const SHOWN = 80;

const shown = (value: unknown): string => {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  const text = typeof value === "string" ? JSON.stringify(value.slice(0, SHOWN)) : String(value);
  return text.slice(0, SHOWN);
};

/** The snapshot as data of its type, whose parts fit one another and the memory. */
export const decoded = (snapshot: unknown, memoryBytes: number): Either<CheckpointError, Snapshot> => {
  const checked = Snapshot.decode(snapshot);
  if (E.isLeft(checked)) {
    const context = checked.left[0]?.context ?? [];
    const place = context.map(({ key }) => key).filter((key) => key !== "");
    const last = context.at(-1);
    return E.left(
      malformed(
        place.length === 0 ? "its ledger" : place.join("."),
        last?.type.name ?? "a snapshot of this release",
        shown(last?.actual),
      ),
    );
  }
  const wrong = unsound(checked.right, memoryBytes);
  return wrong === null ? checked : E.left({ tag: "Malformed", ...wrong });
};

/** Why it does not fit a quota, its memory included; null where it does. */
export const tooLarge = (snapshot: Snapshot, memoryBytes: number, quota: Quota): CheckpointError | null => {
  const used = usedBy(snapshot.ledger);
  const ram = Math.max(memoryBytes + used.ram, bytesOfCopies(snapshot));
  if (ram > quota.ram) return { tag: "Quota", resource: "ram", wanted: ram, available: quota.ram };
  return used.caps > quota.caps
    ? { tag: "Quota", resource: "caps", wanted: used.caps, available: quota.caps }
    : null;
};

/** What of a snapshot says which rights it draws on. */
export interface Holdings {
  readonly ledger: Ledger;
  readonly calls: readonly { readonly selector: number; readonly method: string }[];
}

/** What can't do without a right in a session: its files, and calls in flight on it. */
export const needsOf = (
  { ledger, calls }: Holdings,
  session: number,
): readonly (Omit<Missing, "error"> & { readonly right: string })[] => [
  ...recordsInOrder(ledger).flatMap(([, record]) =>
    record.kind === "file" && record.session === session
      ? rightsToReopen(record.mode).map((right) => ({ service: "File", name: record.path, right }))
      : [],
  ),
  ...calls.flatMap(({ selector, method }) =>
    selector === session && method === "receive" ? [{ service: "Gate", name: "receive", right: method }] : [],
  ),
];

/** What the routes refuse, before anything is acquired. */
export const refusedSessions = (snapshot: Snapshot, router: Grants): Missing[] => {
  const { ledger } = snapshot;
  const missing: Missing[] = [];
  const ask = (service: string, label: string): void => {
    const error = router.refusal(service, label);
    if (error !== null) missing.push({ service, name: label, error });
  };
  if (ledger.usesLog) ask("LOG", "");
  if (ledger.usesTimer) ask("Timer", "");
  for (const [selector, record] of recordsInOrder(ledger)) {
    if (record.kind !== "session") continue;
    const { service, label } = record;
    ask(service, label);
    const rights = router.rights(service, label);
    if (rights === null) continue;
    for (const { right, ...what } of needsOf(snapshot, selector))
      if (!rights.has(right)) missing.push({ ...what, error: { tag: "Denied", service, label, right } });
  }
  return missing;
};

/** The snapshot, where all of this holds; else the first thing that does not. `snapshot` as it came out of an image. */
export const revivable = (
  snapshot: unknown,
  memoryBytes: number,
  quota: Quota,
  grants: Grants,
): Either<CheckpointError, Snapshot> => {
  const read = decoded(snapshot, memoryBytes);
  if (E.isLeft(read)) return read;
  const large = tooLarge(read.right, memoryBytes, quota);
  if (large !== null) return E.left(large);
  const missing = refusedSessions(read.right, grants);
  return missing.length === 0 ? read : E.left({ tag: "Refused", missing });
};
