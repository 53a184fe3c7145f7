// A foreign server as the suite's peer: it speaks on the newest connection and hears on all of them.

import type { Framing } from "../../../runtime/provider/gate/framing.ts";
import type { Message } from "../../../runtime/provider/gate/gate-provider.ts";
import type { GatePeer } from "./gate-provider.suite.ts";
import type { PeerConnection, TcpPeer } from "./tcp-peer.ts";
import { decode, encode } from "./wire.ts";

export const serverPeer = (server: TcpPeer, framing: Framing): GatePeer => {
  const all = (): Message[] => server.connections.flatMap(({ bytes }) => decode(framing, bytes));
  // A peer that ends its side when we do, as most do.
  void server.until(() => {
    for (const { ended, socket } of server.connections) if (ended) socket.end();
    return false;
  });
  return {
    say: async (message) => {
      await server.until(() => server.connections.some(({ ended }) => !ended));
      const open = server.connections.find(({ ended }) => !ended) as PeerConnection;
      await new Promise((flushed) => open.socket.write(encode(message), flushed));
    },
    heard: async (count) => {
      await server.until(() => all().length >= count);
      return all().slice(0, count);
    },
    close: () => server.close(),
  };
};
