// Entry of a shard's thread.
import { parentPort, workerData } from "node:worker_threads";
import { Shard } from "./shard.ts";
import type { ShardData, ToShard } from "./protocol.ts";

const port = parentPort!;
const shard = new Shard(workerData as ShardData, port);
port.on("message", (message: ToShard) => shard.receive(message));
