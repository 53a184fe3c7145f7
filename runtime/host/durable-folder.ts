// What a durable host has in its state directory beside its key: the store, the journal and the logs of its children.
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { Journal, journalProse } from "../durable/journal/journal.ts";
import { openLmdbStore } from "../durable/store/lmdb-store.ts";
import { storeProse } from "../durable/store/store-error.ts";
import { Keeper } from "./keeper.ts";
import { KeptReports } from "./kept-reports.ts";
import type { Runtime } from "./runtime.ts";

/** A state directory that can't be used, and why. */
export interface KeeperFailure {
  readonly tag: "Keeping";
  readonly reason: string;
}

export interface OpenKeeper {
  readonly keeper: Keeper;
  readonly reports: KeptReports;
  /** Writes all that waits, and lets go of the folder. */
  close(): Promise<void>;
}

/** Linux draws it anew with each start. Where nobody tells it, the machine is taken for one that never lost power. */
const bootOf = (): string => {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "unknown";
  }
};

/** Opens what a state directory keeps; one process at a time can. */
export const openKeeper = async (
  runtime: Runtime,
  warn: (child: string, text: string) => void,
): Promise<Either<KeeperFailure, OpenKeeper>> => {
  const { state } = runtime;
  const failed = (reason: string): Either<KeeperFailure, never> => E.left({ tag: "Keeping", reason });
  const [store, journal, logs] = ["store", "journal", "logs"].map((name) => join(state, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(journal, { recursive: true, mode: 0o700 });
  await mkdir(logs, { recursive: true, mode: 0o700 });
  const opened = await openLmdbStore(store, { bases: (hash) => runtime.platform.base(hash) });
  if (E.isLeft(opened)) return failed(storeProse(opened.left));
  const written = Journal.open(journal);
  if (E.isLeft(written)) {
    await opened.right.close();
    return failed(journalProse(written.left));
  }
  const close = async (): Promise<void> => {
    written.right.close();
    await opened.right.close();
  };
  const keeper = await Keeper.open({
    store: opened.right,
    journal: written.right,
    logs,
    boot: bootOf(),
    warn,
  });
  const reports = await KeptReports.open(opened.right);
  if (E.isRight(keeper) && E.isRight(reports))
    return E.right({ keeper: keeper.right, reports: reports.right, close });
  await close();
  if (E.isLeft(keeper)) return failed(keeper.left);
  return failed(E.isLeft(reports) ? storeProse(reports.left) : "");
};
