// Entry of the thread that writes large commits to a ground on disk, which the host's own thread has open as well: what is
// committed here is seen there.
import { parentPort, workerData } from "node:worker_threads";
import { E } from "../../../lib/fp.ts";
import type { CommitData, FromCommitThread, ToCommitThread } from "../commit-thread.ts";
import { LmdbGround } from "./lmdb-ground.ts";

const port = parentPort!;
const { path } = workerData as CommitData;
const opened = LmdbGround.open(path);

const write = async (changes: ToCommitThread): Promise<void> => {
  const ground = await opened;
  if (changes !== null) {
    const written: FromCommitThread = E.isLeft(ground) ? ground : ground.right.write(changes);
    port.postMessage(written);
    return;
  }
  if (E.isRight(ground)) await ground.right.close();
  port.close();
};

port.on("message", (changes: ToCommitThread) => void write(changes));
