// The gates that lead out of the machine, which a shard serves in its own thread.
import type { GateProvider } from "../provider/gate/gate-provider.ts";
import { httpGate } from "../provider/gate/http.ts";
import { tcpGate, tcpListener } from "../provider/gate/tcp.ts";
import { unixGate, unixListener } from "../provider/gate/unix.ts";
import type { GateProviderSpec } from "./protocol.ts";

/** A provider for one session; null for a gate that the host's thread serves. */
export const outerGate = (name: string, spec: GateProviderSpec): GateProvider | null => {
  switch (spec.kind) {
    case "tcp": {
      const { host, port, framing, listen } = spec;
      return (listen ? tcpListener : tcpGate)({ name, host, port, framing });
    }
    case "unix": {
      const { path, framing, listen } = spec;
      return (listen ? unixListener : unixGate)({ name, path, framing });
    }
    case "http":
      return httpGate({ name, host: spec.host, port: spec.port });
    default:
      return null;
  }
};
