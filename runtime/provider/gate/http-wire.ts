// One request on its way: connecting, sending, and the head of the answer, whatever becomes of the bodies.

import {
  request as plainRequest,
  Agent as PlainAgent,
  type ClientRequest,
  type IncomingMessage,
} from "node:http";
import { request as secureRequest, Agent as SecureAgent } from "node:https";
import type { TLSSocket } from "node:tls";
import type { SessionError } from "../../../lib/error.ts";
import type { HttpRequest } from "./http-request.ts";
import type { Retry } from "./retry.ts";

export interface HttpSetting {
  /** The gate's name. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Whether the connection is encrypted, and the server proves that it has that name. */
  readonly secure: boolean;
  /** Certificates of those who vouch for the server, in PEM; null for those that the system trusts. */
  readonly ca: string | null;
  /** Bytes of a message sent, and of an answer's body that comes whole. */
  readonly message: number;
  /** ms for one answer; for a body in pieces, without any progress. */
  readonly within: number;
  readonly retry: Retry;
  /** Whether somebody asks for the `news`. */
  readonly tells: boolean;
}

/** The connections of one end: one at a time, kept between requests. */
export type Connections = PlainAgent | SecureAgent;

export const connectionsOf = ({ secure }: HttpSetting): Connections =>
  new (secure ? SecureAgent : PlainAgent)({ keepAlive: true, maxSockets: 1 });

/** The network's failures that may pass. */
const PASSING = [
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
];

/** Why there was no answer. */
export type Failure =
  | { readonly kind: "refused"; readonly error: SessionError }
  /** `reached`: the peer may have got something of it. */
  | { readonly kind: "failed"; readonly code: string; readonly reached: boolean };

/** Whether another try may do better. */
export const passes = (failure: Failure): boolean =>
  failure.kind === "failed" && PASSING.includes(failure.code);

export interface WireEvents {
  /** From now on the peer may have got something. Before anything else; not where connecting failed. */
  connected(): void;
  answered(response: IncomingMessage): void;
  /** Once; what comes later is nobody's concern. */
  failed(code: string, reached: boolean): void;
}

/** Begins a request, to be written and ended by the caller. */
export const openRequest = (
  setting: HttpSetting,
  { method, path, headers, body, upload, idempotent }: HttpRequest,
  connections: Connections,
  events: WireEvents,
): ClientRequest => {
  const { host, port, secure, retry } = setting;
  const length = typeof upload === "number" ? upload : body?.byteLength;
  let reached = false;
  let over = false;
  const fail = (code: string): void => {
    if (over) return;
    over = true;
    clearTimeout(connecting);
    events.failed(code, reached);
  };
  const request = (secure ? secureRequest : plainRequest)({
    // An idle connection may be closed by the peer in the moment it is used, and then nobody knows whether it got
    // the request: those that can't be repeated have a fresh one.
    agent: idempotent && upload === null ? connections : false,
    ...(setting.ca === null ? {} : { ca: setting.ca }),
    host,
    port,
    method,
    path,
    headers: { ...headers, ...(length === undefined ? {} : { "content-length": length }) },
  });
  const connecting = setTimeout(() => {
    fail("ETIMEDOUT");
    request.destroy();
  }, retry.connect);
  const connected = (): void => {
    if (over) return;
    reached = true;
    clearTimeout(connecting);
    events.connected();
  };
  request.on("socket", (socket) => {
    const waits = secure ? !(socket as TLSSocket).authorized : socket.connecting;
    if (waits) socket.once(secure ? "secureConnect" : "connect", connected);
    else connected();
  });
  request.on("error", (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
  request.on("close", () => fail("ECONNRESET"));
  request.on("response", (response) => {
    over = true;
    events.answered(response);
  });
  return request;
};
