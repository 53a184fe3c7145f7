// One request and its answer, both whole, over and over where that does no harm until there is one.

import type { IncomingMessage } from "node:http";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Message } from "./gate-provider.ts";
import { answerOf, type HttpRequest } from "./http-request.ts";
import { openRequest, passes, type Connections, type Failure, type HttpSetting } from "./http-wire.ts";
import { placeText } from "./place.ts";
import { retried, triesText } from "./retry.ts";

type Outcome = { readonly kind: "answered"; readonly message: Message } | Failure;

/** How it ends for the component when there was no answer. `tries`: how many there were. */
export const failureOf = (
  setting: HttpSetting,
  { idempotent }: HttpRequest,
  failure: Failure,
  tries: number,
): SessionError => {
  if (failure.kind === "refused") return failure.error;
  const unknown = failure.reached && !idempotent ? "; whether it was carried out is unknown" : "";
  const reason = `${failure.code} ${placeText(setting)}, after ${triesText(tries)}${unknown}`;
  return { tag: "Disconnected", gate: setting.name, reason };
};

/**
 * The answer, whatever its status: redirections are not followed. `Disconnected` where there was none: then a request
 * that is not idempotent may have been carried out, unless nobody could be connected to. `TooLarge` for an answer over
 * the bound, `Closed` when `stop` is aborted.
 */
export const exchange = async (
  setting: HttpSetting,
  request: HttpRequest,
  connections: Connections,
  stop: AbortSignal,
): Promise<Either<SessionError, Message>> => {
  const again = (outcome: Outcome): boolean =>
    outcome.kind === "failed" && passes(outcome) && (request.idempotent || !outcome.reached);
  const attempt = (): Promise<Outcome> => once(setting, request, connections, stop);
  const { result, tries } = await retried(setting.retry, stop, attempt, again);
  if (result.kind === "answered") return E.right(result.message);
  if (stop.aborted) return E.left({ tag: "Closed", what: `gate ${setting.name}` });
  return E.left(failureOf(setting, request, result, tries));
};

/** No answer came in time. */
export const late = ({ name, within }: HttpSetting): Failure => ({
  kind: "refused",
  error: { tag: "Disconnected", gate: name, reason: `no answer within ${within} ms` },
});

const once = (
  setting: HttpSetting,
  request: HttpRequest,
  connections: Connections,
  stop: AbortSignal,
): Promise<Outcome> =>
  new Promise((resolve) => {
    const settle = (outcome: Outcome): void => {
      clearTimeout(answering);
      stop.removeEventListener("abort", aborted);
      resolve(outcome);
    };
    const end = (outcome: Outcome): void => {
      settle(outcome);
      sent.destroy();
    };
    const aborted = (): void => end({ kind: "failed", code: "aborted", reached: true });
    const answering = setTimeout(() => end(late(setting)), setting.within);
    stop.addEventListener("abort", aborted);
    const broken = (code: string, reached: boolean): void => settle({ kind: "failed", code, reached });
    const sent = openRequest(setting, request, connections, {
      connected: () => {},
      failed: broken,
      answered: (response) => collect(setting, request, response, end, settle),
    });
    sent.end(request.body ?? undefined);
  });

/** Reads a body up to the bound, without keeping more of it. */
export const collect = (
  { name, message: limit }: HttpSetting,
  { method, path }: HttpRequest,
  response: IncomingMessage,
  refuse: (failure: Failure) => void,
  settle: (outcome: Outcome) => void,
): void => {
  const tooLarge = (bytes: number): void => {
    const what = `the answer to ${method} ${path} through gate ${name}`;
    refuse({ kind: "refused", error: { tag: "TooLarge", what, bytes, limit } });
  };
  const declared = method === "HEAD" ? 0 : Number(response.headers["content-length"] ?? 0);
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.on("error", (error: NodeJS.ErrnoException) =>
    settle({ kind: "failed", code: error.code ?? error.message, reached: true }),
  );
  if (declared > limit) return tooLarge(declared);
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > limit) tooLarge(bytes);
    else chunks.push(chunk);
  });
  response.on("end", () =>
    settle({
      kind: "answered",
      message: answerOf(response.statusCode as number, response.headers, Buffer.concat(chunks)),
    }),
  );
};
