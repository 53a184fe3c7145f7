// One request and its answer, over and over where that does no harm until there is one.

import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from "node:http";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Message } from "./gate-provider.ts";
import { answerOf, type HttpRequest } from "./http-request.ts";
import { placeText } from "./place.ts";
import { retried, triesText, type Retry } from "./retry.ts";

export interface HttpSetting {
  /** The gate's name. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Bytes of a message sent, and of an answer's body. */
  readonly message: number;
  /** ms for one exchange, the body of the answer included. */
  readonly within: number;
  readonly retry: Retry;
}

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

type Outcome =
  | { readonly kind: "answered"; readonly message: Message }
  | { readonly kind: "refused"; readonly error: SessionError }
  /** `reached`: the peer may have got it. */
  | { readonly kind: "failed"; readonly code: string; readonly reached: boolean };

/**
 * The answer, whatever its status: redirections are not followed. `Disconnected` where there was none: then a request
 * that is not idempotent may have been carried out, unless nobody could be connected to. `TooLarge` for an answer over
 * the bound, `Closed` when `stop` is aborted.
 */
export const exchange = async (
  setting: HttpSetting,
  request: HttpRequest,
  agent: Agent,
  stop: AbortSignal,
): Promise<Either<SessionError, Message>> => {
  const { name, retry } = setting;
  const again = (outcome: Outcome): boolean =>
    outcome.kind === "failed" && PASSING.includes(outcome.code) && (request.idempotent || !outcome.reached);
  const attempt = (): Promise<Outcome> => once(setting, request, agent, stop);
  const { result, tries } = await retried(retry, stop, attempt, again);
  if (result.kind === "answered") return E.right(result.message);
  if (stop.aborted) return E.left({ tag: "Closed", what: `gate ${name}` });
  if (result.kind === "refused") return E.left(result.error);
  const unknown = result.reached && !request.idempotent ? "; whether it was carried out is unknown" : "";
  const reason = `${result.code} ${placeText(setting)}, after ${triesText(tries)}${unknown}`;
  return E.left({ tag: "Disconnected", gate: name, reason });
};

const once = (
  setting: HttpSetting,
  { method, path, headers, body, idempotent }: HttpRequest,
  agent: Agent,
  stop: AbortSignal,
): Promise<Outcome> =>
  new Promise((resolve) => {
    const { name, host, port, message: limit, within, retry } = setting;
    let reached = false;
    const failed = (code: string): Outcome => ({ kind: "failed", code, reached });
    const request: ClientRequest = httpRequest({
      // An idle connection may be closed by the peer in the moment it is used, and then nobody knows whether it got
      // the request: those that must not be repeated have a fresh one.
      agent: idempotent ? agent : false,
      host,
      port,
      method,
      path,
      headers: { ...headers, ...(body === null ? {} : { "content-length": body.byteLength }) },
    });
    /** Whatever comes later is nobody's concern. */
    const settle = (outcome: Outcome): void => {
      clearTimeout(connecting);
      clearTimeout(answering);
      stop.removeEventListener("abort", aborted);
      resolve(outcome);
    };
    const end = (outcome: Outcome): void => {
      settle(outcome);
      request.destroy();
    };
    const aborted = (): void => end(failed("aborted"));
    const connecting = setTimeout(() => end(failed("ETIMEDOUT")), retry.connect);
    const late = { tag: "Disconnected", gate: name, reason: `no answer within ${within} ms` } as const;
    const answering = setTimeout(() => end({ kind: "refused", error: late }), within);
    stop.addEventListener("abort", aborted);
    const connected = (): void => {
      reached = true;
      clearTimeout(connecting);
    };
    request.on("socket", (socket) => {
      if (socket.connecting) socket.once("connect", connected);
      else connected();
    });
    const broken = (error: NodeJS.ErrnoException): void => settle(failed(error.code ?? error.message));
    request.on("error", broken);
    request.on("response", (response) => {
      const what = `the answer to ${method} ${path} through gate ${name}`;
      const tooLarge = (bytes: number): void =>
        end({ kind: "refused", error: { tag: "TooLarge", what, bytes, limit } });
      collect(response, method === "HEAD", limit, tooLarge, broken, (content) =>
        settle({
          kind: "answered",
          message: answerOf(response.statusCode as number, response.headers, content),
        }),
      );
    });
    request.end(body ?? undefined);
  });

/** Reads a body up to the bound, without keeping more of it. */
const collect = (
  response: IncomingMessage,
  bare: boolean,
  limit: number,
  tooLarge: (bytes: number) => void,
  broken: (error: Error) => void,
  whole: (content: Buffer) => void,
): void => {
  const declared = bare ? 0 : Number(response.headers["content-length"] ?? 0);
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on("error", broken);
  if (declared > limit) return tooLarge(declared);
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > limit) tooLarge(bytes);
    else chunks.push(chunk);
  });
  response.on("end", () => whole(Buffer.concat(chunks)));
};
