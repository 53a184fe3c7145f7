// The other end of a pair as the suite's peer: it says, hears all that comes, and takes the end of one conversation for
// no reason to stop.

import { E } from "../../../lib/fp.ts";
import type { GateEnd, Message } from "../../../runtime/provider/gate/gate-provider.ts";
import type { GatePeer } from "./gate-provider.suite.ts";

export const pairedPeer = (ends: Promise<GateEnd>): GatePeer => {
  const heard: Message[] = [];
  const waiting = new Set<() => void>();
  const listen = async (): Promise<void> => {
    const end = await ends;
    for (;;) {
      const message = await end.receive();
      if (E.isRight(message)) heard.push(message.right);
      else if (message.left.tag === "Closed") return;
      for (const check of [...waiting]) check();
    }
  };
  void listen();
  return {
    async say(message) {
      const end = await ends;
      while (E.isLeft(await end.send(message)));
    },
    heard: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (heard.length < count) return;
          waiting.delete(check);
          resolve(heard.slice(0, count));
        };
        waiting.add(check);
        check();
      }),
    close: async () => (await ends).close(),
  };
};
