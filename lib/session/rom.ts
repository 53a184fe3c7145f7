// ROM: versioned read-only content, and the signal that a newer version is there.
import * as t from "io-ts";
import { args, bytes } from "../codec.ts";
import { method, session, type Client } from "../contract.ts";

export const Rom = session(
  "ROM",
  {
    /** The current content as UTF-8 text. Reading marks its version as seen. */
    text: method({ args: args([]), result: t.string }),
    /** The current content. Reading marks its version as seen. */
    bytes: method({ args: args([]), result: bytes }),
    /** The current version, counted by this session from 1; never backwards. */
    version: method({ args: args([]), result: t.number }),
    /** Resolves with the version as soon as one newer than the last seen is there. */
    changed: method({ args: args([]), result: t.number, inFlight: "reissue" }),
  },
  {
    guest: {
      /** The current content parsed as JSON; rejects with `SyntaxError` where it is none. */
      async json(): Promise<unknown> {
        return JSON.parse(await this.text()) as unknown;
      },
    },
  },
);

export type Rom = Client<typeof Rom>;
