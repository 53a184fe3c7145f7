// Gate: whole messages, in order, to and from the world outside the host.
import * as t from "io-ts";
import { args, bytes } from "../codec.ts";
import { method, session, type Client } from "../contract.ts";

const Message = t.union([t.string, bytes]);

export const Gate = session(
  "Gate",
  {
    /** Hands one message over, text or bytes. A message that its framing can't carry is refused. */
    send: method({ args: args([Message]), result: t.void }),
    /** Waits for the next whole message. Several waiters are served in the order they asked. */
    receive: method({ args: args([]), result: Message, inFlight: "reissue" }),
    /** Closes the gate; later calls are rejected with `Closed`. */
    close: method({ args: args([]), result: t.void }),
  },
  {
    guest: {
      /** Sends `message` and waits for the next one. Frozen in between, it sends once. */
      async call(message: string | Uint8Array): Promise<string | Uint8Array> {
        await this.send(message);
        return this.receive();
      },
    },
  },
);

export type Gate = Client<typeof Gate>;
