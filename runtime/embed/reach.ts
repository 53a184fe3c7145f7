// A durable host that runs in another process, as a program of its owner reaches it: by the control socket in its state
// directory, as the commands do.
import type { Contract } from "../../lib/contract.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import { ask } from "../daemon/control-client.ts";
import type { Refusal } from "../daemon/control-protocol.ts";
import { HostFailure } from "./host-failure.ts";
import { pathOf } from "./amounts.ts";
import { serviceClient, type ServiceClient } from "./service-client.ts";

export interface ReachOptions {
  /** What the server's root is told as the session's label. Default: empty. */
  readonly label?: string;
}

/** Bytes, as the socket's JSON has them, are bytes again. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const { bytes } = value as { readonly bytes?: unknown };
  if (typeof bytes === "string" && Object.keys(value).length === 1)
    return new Uint8Array(Buffer.from(bytes, "base64"));
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
};

/** Bytes have no JSON that the other side would take for them. */
const hasBytes = (value: unknown): boolean =>
  value instanceof Uint8Array ||
  (typeof value === "object" && value !== null && Object.values(value).some(hasBytes));

const refused = (child: string, refusal: Refusal): HostFailure =>
  new HostFailure({ tag: "Refused", child, refusal });

/**
 * A client of a service that a child of the host of `state` provides, wherever that host runs on this machine. Each call has
 * a session of its own, so that nothing is lost where the host ends and comes back between two of them. Its methods reject
 * with `Refused`, whose `refusal` has the host's tag and words: `NoHost` where none is running. Arguments are what JSON can
 * carry; bytes are refused with a `TypeError`.
 */
export const reach = <C extends Contract>(
  state: string | URL,
  child: string,
  contract: C,
  { label = "" }: ReachOptions = {},
): ServiceClient<C> => {
  const path = pathOf(state);
  let isClosed = false;
  return serviceClient(child, contract, {
    async call(method, args): Promise<Either<SessionError, unknown>> {
      const { service } = contract;
      if (isClosed) return E.left({ tag: "Closed", what: service });
      if (args.some(hasBytes))
        throw new TypeError(`${service}.${method}: bytes can't be passed over the control socket`);
      const asked = {
        command: "call" as const,
        name: child,
        service,
        label,
        method,
        args: [...args],
        within: null,
      };
      const answer = await ask(path, asked);
      if (E.isLeft(answer)) throw refused(child, answer.left);
      return E.right(plain(answer.right));
    },
    close: () => {
      isClosed = true;
    },
  });
};
