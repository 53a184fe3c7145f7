// Bytes a second that a component sends and receives through a TCP gate, 64 KiB a call, against plain Node on such a
// socket; the other side is a thread of its own.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import { prose } from "../lib/error.ts";
import { E } from "../lib/fp.ts";
import { MachinePool } from "../runtime/engine/pool.ts";
import type { GateProvider } from "../runtime/provider/gate/gate-provider.ts";
import { pairedTcpGate, tcpGate } from "../runtime/provider/gate/tcp.ts";
import type { Bench, BenchContext } from "./bench.ts";
import { startDomain } from "./driven-domain.ts";
import { sideBySide } from "./side-by-side.ts";
import { BLOCK, type Client, type Order } from "./stream-order.ts";
import { powersFor } from "./surroundings.ts";

const BLOCKS = 1000;
/** Measurements a round. */
const OFTEN = 3;
const QUOTA = { ram: 16 << 20, caps: 100 };
const host = "127.0.0.1";

/** A component that holds the gate; what it gives back ends it. */
const streaming = async (
  { engine, base }: BenchContext,
  provider: GateProvider,
): Promise<() => Promise<void>> => {
  const end = await provider.open(null);
  if (E.isLeft(end)) throw new Error(prose(end.left));
  const domain = await startDomain({
    component: "streamer",
    spec: { name: "streamer", label: "init -> streamer", quota: QUOTA, turn: 3000 },
    powers: powersFor(end.right, { block: BLOCK }),
    base,
    pool: new MachinePool(engine),
  });
  domain.go();
  return () => domain.release();
};

/** A plain client that does as it is told. */
const plain = async (port: number): Promise<Socket> => {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, "connect");
  const block = Buffer.alloc(BLOCK, 65);
  const send = async (blocks: number): Promise<void> => {
    for (let i = 0; i < blocks; i++) if (!socket.write(block)) await once(socket, "drain");
  };
  let left = 0;
  const taken = (bytes: number): void => {
    left -= bytes;
    if (left <= 0) socket.write(Buffer.alloc(1));
  };
  socket.on("data", (chunk: Buffer) => {
    if (left > 0) return taken(chunk.byteLength);
    const blocks = chunk[1]! * 256 + chunk[2]!;
    if (chunk[0] === 0) return void send(blocks);
    left = blocks * BLOCK;
    taken(chunk.byteLength - 3);
  });
  return socket;
};

const streamBench = (name: string, client: Client, does: Order["does"]): Bench => ({
  name,
  async run(context) {
    const peer = new Worker(new URL("stream-peer.js", import.meta.url));
    const [ports] = (await once(peer, "message")) as [{ plain: number; pair: number }];
    const provider =
      client === "pair"
        ? pairedTcpGate({ name: "gate", host, port: ports.pair })
        : tcpGate({ name: "gate", host, port: ports.plain, framing: "raw" });
    const release = await streaming(context, provider);
    const sockets = client === "pair" ? [await plain(ports.plain)] : [];
    sockets.push(await plain(ports.plain));
    const megabytes = async (by: Client): Promise<number> => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      peer.postMessage({ client: by, does, blocks: BLOCKS } satisfies Order);
      const [ms] = (await once(peer, "message")) as [number];
      return (BLOCKS * BLOCK) / 1000 / ms;
    };
    const row = await sideBySide({
      name,
      unit: "MB/s",
      ours: () => megabytes(client),
      against: "plain Node on the same socket",
      theirs: () => megabytes("plain"),
      target: { of: "ratio", bound: "at least", limit: 0.5 },
      rounds: context.rounds * OFTEN,
      warmUp: OFTEN,
    });
    await release();
    for (const socket of sockets) socket.destroy();
    await peer.terminate();
    return row;
  },
});

export const streamBenches: readonly Bench[] = [
  streamBench("TCP gate, sending 64 KiB a call", "gate", "send"),
  streamBench("TCP gate, receiving 64 KiB a call", "gate", "receive"),
  streamBench("pair of gates, sending 64 KiB a call", "pair", "send"),
  streamBench("pair of gates, receiving 64 KiB a call", "pair", "receive"),
];
