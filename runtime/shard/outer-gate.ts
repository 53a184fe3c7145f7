// The gates that lead out of the machine, which a shard serves in its own thread.
import type { SessionError } from "../../lib/error.ts";
import type { GateProvider } from "../provider/gate/gate-provider.ts";
import { httpGate } from "../provider/gate/http.ts";
import { pairedTcpGate, pairedTcpListener, tcpGate, tcpListener } from "../provider/gate/tcp.ts";
import { pairedUnixGate, pairedUnixListener, unixGate, unixListener } from "../provider/gate/unix.ts";
import type { GateProviderSpec } from "./protocol.ts";

/**
 * A provider for one session; null for a gate that the host's thread serves. `acknowledge`: when the other end of a pair
 * may forget what it sent; where the child's state is kept, not before that is told. `stale`: told where the other end
 * of a pair knows a later incarnation.
 */
export const outerGate = (
  name: string,
  spec: GateProviderSpec,
  acknowledge: "arrived" | "told",
  stale: (error: SessionError) => void,
): GateProvider | null => {
  switch (spec.kind) {
    case "tcp": {
      const { kind: _, rights: _rights, listen, framing, ...place } = spec;
      if (framing === "cryonode")
        return (listen ? pairedTcpListener : pairedTcpGate)({ name, acknowledge, stale, ...place });
      return (listen ? tcpListener : tcpGate)({ name, framing, ...place });
    }
    case "unix": {
      const { kind: _, rights: _rights, listen, framing, ...place } = spec;
      if (framing === "cryonode")
        return (listen ? pairedUnixListener : pairedUnixGate)({ name, acknowledge, stale, ...place });
      return (listen ? unixListener : unixGate)({ name, framing, ...place });
    }
    case "http": {
      const { kind: _, rights: _rights, unread, ...place } = spec;
      return httpGate({
        name,
        ...place,
        tells: acknowledge === "told",
        ...(unread === undefined ? {} : { bound: unread }),
      });
    }
    default:
      return null;
  }
};
