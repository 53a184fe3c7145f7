// Report: the state a component publishes, readable elsewhere as the ROM that its route names.
import * as t from "io-ts";
import { args, bytes } from "../codec.ts";
import { method, session, type Client } from "../contract.ts";

export const Report = session(
  "Report",
  { publish: method({ args: args([t.union([t.string, bytes])]), result: t.void }) },
  {
    guest: {
      /** Publishes text, bytes, or any other value as JSON. The new version replaces the last one whole. */
      submit(value: unknown): Promise<void> {
        return this.publish(
          typeof value === "string" || value instanceof Uint8Array ? value : JSON.stringify(value),
        );
      },
    },
  },
);

export type Report = Client<typeof Report>;
