// Requests as a component writes them, and answers as it reads them: messages of an HTTP gate.
//
//   text   JSON: { method, path, headers?, body? }, and back { status, headers, body }; a body is text
//   bytes  the same JSON without `body`, LF, and the body's bytes: for bodies that are no UTF-8 text
//
// Bodies of any length go in pieces. With `upload: true`, or `upload: BYTES` where the length is known, those of the
// request are the messages that follow, up to an empty one; with `download: true` those of the answer follow
// { status, headers, download: true } as bytes, up to an empty message.

import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Message } from "./gate-provider.ts";

/** Those that may be repeated without harm, by RFC 9110, and those that may not. */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
const METHODS = [...IDEMPOTENT, "POST", "PATCH"];
const KEYS = ["method", "path", "headers", "body", "upload", "download"];
/** They say where a connection leads and where messages on it end, and that is the gate's business. */
const RESERVED = [
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
/** Of an answer's headers, those that are about the connection, which is ours alone. */
const OF_CONNECTION = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];
const HEADER_BYTES = 16 * 1024;
const LINE_FEED = 10;

export interface HttpRequest {
  readonly method: string;
  /** Whether sending it twice does what sending it once does. */
  readonly idempotent: boolean;
  /** From `/` on, with the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
  /** The body follows in pieces: so many bytes in all, or true where nobody knows. */
  readonly upload: number | true | null;
  /** The answer's body is to come in pieces. */
  readonly download: boolean;
}

const refusal = (place: string, expected: string, actual: string): Either<SessionError, never> =>
  E.left({ tag: "InvalidArgument", method: "send", place, expected, actual });

/** A value as an error shows it, in brief. */
const shown = (value: unknown): string => {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

const parsed = (text: string): Either<SessionError, Readonly<Record<string, unknown>>> => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refusal("message", "a request as JSON: { method, path, headers?, body? }", shown(text));
  }
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? E.right(value as Readonly<Record<string, unknown>>)
    : refusal("message", "an object: { method, path, headers?, body? }", shown(value));
};

/** Only an absolute path leads nowhere else: `//host/…` and `http://host/…` name another origin. */
const isPath = (value: unknown): value is string =>
  typeof value === "string" && /^\/(?!\/)[\x21\x22\x24-\x7e]*$/.test(value);

const headersOf = (gate: string, value: unknown): Either<SessionError, Readonly<Record<string, string>>> => {
  if (value === undefined) return E.right({});
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return refusal("message.headers", "an object: a text by the name of each header", shown(value));
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  let bytes = 0;
  for (const [name, content] of Object.entries(value)) {
    const key = name.toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key))
      return refusal("message.headers", "names of headers", shown(name));
    if (RESERVED.includes(key))
      return refusal("message.headers", "headers that are not the gate's own", shown(name));
    if (typeof content !== "string" || !/^[\t\x20-\x7e\x80-\xff]*$/.test(content))
      return refusal(`message.headers[${shown(name)}]`, "a text of one line, in Latin-1", shown(content));
    headers[key] = content;
    bytes += name.length + content.length + 4;
  }
  return bytes > HEADER_BYTES
    ? E.left({
        tag: "TooLarge",
        what: `the headers of a request through gate ${gate}`,
        bytes,
        limit: HEADER_BYTES,
      })
    : E.right(headers);
};

/** `gate` names it in errors; `limit`: bytes of a message. `InvalidArgument` names the place. */
export const requestOf = (
  gate: string,
  message: Message,
  limit: number,
): Either<SessionError, HttpRequest> => {
  const bytes = typeof message === "string" ? Buffer.byteLength(message) : message.byteLength;
  if (bytes > limit) return E.left({ tag: "TooLarge", what: `a message of gate ${gate}`, bytes, limit });
  const end = typeof message === "string" ? -1 : message.indexOf(LINE_FEED);
  const head =
    typeof message === "string" ? message : Buffer.from(end < 0 ? message : message.subarray(0, end));
  const record = parsed(head.toString());
  if (E.isLeft(record)) return record;
  const { method, path, headers: given, body, upload = null, download = false } = record.right;
  const unknown = Object.keys(record.right).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) return refusal("message", `the keys ${KEYS.join(", ")}`, shown(unknown));
  if (typeof method !== "string" || !METHODS.includes(method))
    return refusal("message.method", `one of ${METHODS.join(", ")}`, shown(method));
  if (!isPath(path))
    return refusal("message.path", "a path that begins with one / and is percent-encoded", shown(path));
  const headers = headersOf(gate, given);
  if (E.isLeft(headers)) return headers;
  if (body !== undefined && typeof message !== "string")
    return refusal("message.body", "no body beside the bytes after the first line", shown(body));
  if (body !== undefined && body !== null && typeof body !== "string")
    return refusal("message.body", "a text", shown(body));
  if (upload !== null && upload !== true && !(Number.isSafeInteger(upload) && (upload as number) >= 0))
    return refusal("message.upload", "true, or the bytes of the body to come", shown(upload));
  if (typeof download !== "boolean") return refusal("message.download", "true or false", shown(download));
  if (upload !== null && (typeof body === "string" || end >= 0))
    return refusal("message.upload", "no body beside it, as that follows in pieces", "both");
  const content =
    typeof message === "string"
      ? typeof body === "string"
        ? Buffer.from(body)
        : null
      : end < 0
        ? null
        : // What is handed over is copied: the sender may use its bytes again.
          message.slice(end + 1);
  return E.right({
    method,
    idempotent: IDEMPOTENT.includes(method),
    path,
    headers: headers.right,
    body: content,
    upload: upload as number | true | null,
    download,
  });
};

/** Names of headers in lower case; `set-cookie` is a list of texts, any other a text. */
const headersFrom = (given: IncomingHttpHeaders): object =>
  Object.fromEntries(Object.entries(given).filter(([name]) => !OF_CONNECTION.includes(name)));

/** What comes before the pieces of a body. */
export const headOf = (status: number, given: IncomingHttpHeaders): Message =>
  JSON.stringify({ status, headers: headersFrom(given), download: true });

export const answerOf = (status: number, given: IncomingHttpHeaders, body: Buffer): Message => {
  const headers = headersFrom(given);
  if (isUtf8(body)) return JSON.stringify({ status, headers, body: body.toString() });
  return new Uint8Array(Buffer.concat([Buffer.from(`${JSON.stringify({ status, headers })}\n`), body]));
};
