// A foreign client as the suite's peer of a listening gate: it calls as often as the gate opens.

import { E } from "../../../lib/fp.ts";
import type { Framing } from "../../../runtime/provider/gate/framing.ts";
import type { GateProvider, Message } from "../../../runtime/provider/gate/gate-provider.ts";
import { Caller } from "./caller.ts";
import type { GatePeer } from "./gate-provider.suite.ts";
import { decode, encode } from "./wire.ts";

/** `at`: where the gate listens, once it is open. */
export const callingPeer = (
  gate: GateProvider,
  at: () => number | string,
  framing: Framing,
): { provider: GateProvider; peer: GatePeer } => {
  const callers: Caller[] = [];
  const all = (): Message[] => callers.flatMap(({ bytes }) => decode(framing, bytes));
  const provider: GateProvider = {
    name: gate.name,
    async open(state) {
      const end = await gate.open(state);
      if (E.isRight(end)) {
        const caller = new Caller(at());
        callers.push(caller);
        // A peer that ends its side when we do, as most do.
        void caller.until(() => caller.ended).then(() => caller.socket.end());
      }
      return end;
    },
    close: () => gate.close(),
  };
  const peer: GatePeer = {
    say: async (message) => callers.at(-1)?.write(encode(message)),
    async heard(count) {
      await callers.at(-1)?.until(() => all().length >= count);
      return all().slice(0, count);
    },
    close: async () => callers.forEach(({ socket }) => socket.destroy()),
  };
  return { provider, peer };
};
