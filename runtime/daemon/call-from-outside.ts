// A call of a child's service from outside: a session of its own for each, closed when it is answered.
import { E, type Either } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { LiveHost } from "../host/live-host.ts";
import type { OutsideSession } from "../host/outside-party.ts";
import type { DurableError } from "./durable-error.ts";
import type { OutsideCall } from "./durable-host.ts";

/** How long a child may take to announce the service: that has announced nothing yet, and that has, in ms. */
const SILENT_MS = 5000;
const SPOKEN_MS = 500;

const refused = (child: string, error: SessionError): DurableError => ({ tag: "Call", child, error });

/** A method that the contract lacks is refused by the server, which names those that there are. */
const refusedCall = ({ child, service, method }: OutsideCall, error: SessionError): DurableError =>
  error.tag === "InvalidArgument" && error.place === "its method"
    ? { tag: "NoSuchMethod", service, method, known: error.expected.split(", ") }
    : refused(child, error);

const open = async (
  live: LiveHost,
  { child, service, label, within }: OutsideCall,
): Promise<Either<DurableError, OutsideSession>> => {
  const known = live.announced(child);
  const wait = known.length === 0 ? SILENT_MS : SPOKEN_MS;
  const patience = known.includes(service) ? within : Math.min(wait, within ?? wait);
  const opened = await live.session({ child, service, label, args: "{}", patience });
  if (E.isRight(opened)) return opened;
  const announced = live.announced(child);
  return opened.left.tag === "Unavailable" && !announced.includes(service)
    ? E.left({ tag: "NoSuchService", child, service, announced })
    : E.left(refused(child, opened.left));
};

/** Calls; the answer is plain data, bytes as `{ "bytes": BASE64 }`. */
export const callFromOutside = async (
  live: LiveHost,
  call: OutsideCall,
): Promise<Either<DurableError, unknown>> => {
  const { child, method, args, within } = call;
  const session = await open(live, call);
  if (E.isLeft(session)) return session;
  let late: NodeJS.Timeout | undefined;
  const answer = await Promise.race([
    session.right.call(method, args),
    new Promise<null>((resolve) => {
      if (within !== null) late = setTimeout(() => resolve(null), within);
    }),
  ]);
  clearTimeout(late);
  session.right.close();
  if (answer === null) return E.left({ tag: "Late", child, within: within ?? 0 });
  return E.isLeft(answer) ? E.left(refusedCall(call, answer.left)) : E.right(readable(answer.right));
};

/** Bytes as JSON has them. */
const readable = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, readable(each)]));
};
