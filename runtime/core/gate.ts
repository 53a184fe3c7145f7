// Gate, served: one end of a provider's gate, with the rights that the route left.
import * as t from "io-ts";
import { bytes, natural, struct } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { Gate } from "../../lib/session/gate.ts";
import type { GateEnd, GateRight } from "../provider/gate/gate-provider.ts";
import type { Serving } from "./service.ts";

const message = t.union([t.string, bytes]);

/** A gate's place in the stream, as providers capture it. */
export const GatePosition = struct(
  { sent: natural, received: natural, unread: t.array(message), partial: bytes },
  {},
  "GatePosition",
);

export type GatePosition = t.TypeOf<typeof GatePosition>;

/** `name`: the provider's, for errors. */
export const makeGate = (
  name: string,
  end: GateEnd,
  rights: ReadonlySet<GateRight>,
): Serving<typeof Gate> => {
  const denied = (right: GateRight) =>
    E.left({ tag: "Denied" as const, service: "Gate", label: name, right });
  return {
    contract: Gate,
    send: (content) => (rights.has("send") ? end.send(content) : denied("send")),
    receive: () => (rights.has("receive") ? end.receive() : denied("receive")),
    close: () => E.right(undefined),
    suspend: () => end.suspend(),
    resume: () => end.resume(),
    capture: async () => E.right(await end.capture()),
    release: () => end.close(),
  };
};
