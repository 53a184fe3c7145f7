// LOG: lines of text that the parent shows to whoever watches the component.
import * as t from "io-ts";
import { args } from "../codec.ts";
import { method, session, type Client } from "../contract.ts";

/** `write(text)`: one entry of the component's log. What an aborted turn wrote is kept. */
export const Log = session("LOG", {
  write: method({ args: args([t.string]), result: t.void }),
});

export type Log = Client<typeof Log>;
