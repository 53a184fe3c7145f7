// Entry of a shard's thread. What it works with is the first thing it is told: it may have come up before that was known.
import { parentPort } from "node:worker_threads";
import { Shard } from "./shard.ts";
import type { ShardData, ToShard } from "./protocol.ts";

const port = parentPort!;
let shard: Shard | null = null;
port.on("message", (message: ShardData | ToShard) => {
  if (shard === null) shard = new Shard(message as ShardData, port);
  else shard.receive(message as ToShard);
});
