// A recovery of nobody, while a thread that has just come up waits to be told whom to bring back: what recoveries go
// through has run once then, and the next one takes a third less.
import { E } from "../../lib/fp.ts";
import { FileSystem } from "../../lib/session/file-system.ts";
import type { Snapshot } from "../checkpoint/snapshot.ts";
import type { Base } from "../engine/base.ts";
import type { MachinePool } from "../engine/pool.ts";
import { emptyLedger } from "../intercept/ledger.ts";
import { replay } from "./replay.ts";

/** Bytes and capabilities, as many as small components have: the machine may serve one of them. */
const QUOTA = { ram: 16 << 20, caps: 100 };
const SESSION = 100;
const FILE = 101;

/** One that had a file open. */
const snapshot: Snapshot = {
  ledger: {
    ...emptyLedger(QUOTA),
    capabilities: {
      [SESSION]: {
        ...{ kind: "session", service: FileSystem.service, label: "nothing", args: "{}" },
        ...{ ram: 0, caps: 0, interfaces: [] },
      },
      [FILE]: { kind: "file", session: SESSION, path: "nothing", mode: { write: true } },
    },
  },
  ...{ elapsed: 0, turn: 0, calls: [], inbox: [] },
  positions: [
    [SESSION, { seen: [] }],
    [FILE, { offset: 0, identity: { size: 0, modifiedNs: "0", inode: "0", sha256: null }, content: null }],
  ],
};

/** Whether it went as it should. Nothing is left of it but a machine in the pool. */
export const rehearseRecovery = async (
  { memory, registers, anchors }: Base,
  pool: MachinePool,
): Promise<boolean> => {
  const replayed = await replay({
    spec: { name: "nobody", label: "nobody", quota: QUOTA, turn: 1 },
    routes: { refusal: () => null, child: () => null },
    ...{ anchors, snapshot, memory, registers },
    secret: 1,
    names: () => "nothing",
    records: [],
    machine: (bytes) => pool.take(bytes, QUOTA.ram),
    into: (bytes) => new Uint8Array(bytes),
  });
  if (E.isLeft(replayed)) return false;
  pool.give(replayed.right.machine, QUOTA.ram);
  return true;
};
