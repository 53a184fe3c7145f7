// The other side of the measured streams, in a thread of its own: it takes what comes, or sends as fast as it is taken,
// and says how many ms that took. The first client that connects is the gate, the second the plain one.
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { parentPort } from "node:worker_threads";
import { E } from "../lib/fp.ts";
import { prose } from "../lib/error.ts";
import type { GateEnd } from "../runtime/provider/gate/gate-provider.ts";
import { pairedTcpListener } from "../runtime/provider/gate/tcp.ts";
import { BLOCK, orderBytes, type Order } from "./stream-order.ts";

const port = parentPort!;
const block = Buffer.alloc(BLOCK, 65);
const sockets: Socket[] = [];

/** Takes so many bytes. */
const taken = (socket: Socket, bytes: number): Promise<void> =>
  new Promise((resolve) => {
    let left = bytes;
    const take = (chunk: Buffer): void => {
      left -= chunk.byteLength;
      if (left > 0) return;
      socket.off("data", take);
      resolve();
    };
    socket.on("data", take);
  });

const overSocket = async (socket: Socket, order: Order): Promise<void> => {
  const bytes = order.blocks * BLOCK;
  const done = taken(socket, order.does === "send" ? bytes : 1);
  socket.write(orderBytes(order));
  if (order.does === "receive")
    for (let i = 0; i < order.blocks; i++) if (!socket.write(block)) await once(socket, "drain");
  await done;
};

const overPair = async (end: GateEnd, order: Order): Promise<void> => {
  await end.send(orderBytes(order));
  if (order.does === "receive") for (let i = 0; i < order.blocks; i++) await end.send(block);
  for (let left = order.does === "send" ? order.blocks * BLOCK : 1; left > 0;) {
    const message = await end.receive();
    if (E.isLeft(message)) throw new Error(prose(message.left));
    left -= message.right.length;
  }
};

const server = createServer({ noDelay: true }, (socket) => sockets.push(socket));
server.listen(0, "127.0.0.1");
await once(server, "listening");
const gate = pairedTcpListener({ name: "peer", host: "127.0.0.1", port: 0 });
const opened = await gate.open(null);
if (E.isLeft(opened)) throw new Error(prose(opened.left));
const pair = opened.right;
const carryOut = async (order: Order): Promise<void> => {
  const began = performance.now();
  if (order.client === "pair") await overPair(pair, order);
  else await overSocket(sockets[order.client === "gate" ? 0 : 1]!, order);
  port.postMessage(performance.now() - began);
};
port.on("message", (order: Order) => void carryOut(order));
port.postMessage({ plain: (server.address() as AddressInfo).port, pair: gate.port });
