// The codec of `SessionError`: errors that one component raises for another are hostile until checked. Every
// component's memory holds it, so it is one small table.
import * as t from "io-ts";
import type { SessionError } from "./error.ts";

/** The facts of each error beside its tag, and beside `by`, which all may have. `?`: it may be missing; `#`: a number, the others are texts. */
const FACTS: { readonly [K in SessionError["tag"]]: string } = {
  Denied: "service label right? reason?",
  QuotaExceeded: "resource wanted# available#",
  NoSuchService: "service label",
  InvalidArgument: "method place expected actual",
  Closed: "what",
  Interrupted: "method",
  NotFound: "path",
  AlreadyExists: "path",
  IsDirectory: "path",
  NotDirectory: "path",
  NotEmpty: "path",
  InvalidPath: "path reason",
  NoSpace: "path",
  Changed: "path difference",
  Disconnected: "gate reason",
  TooLarge: "what bytes# limit#",
  Failed: "service message name?",
  Unavailable: "service label waited#",
  Stale: "service label epoch# latest# host",
  Io: "code what",
};

const RESOURCES = ["ram", "caps", "calls"];

const isFacts = (u: unknown): u is SessionError => {
  if (typeof u !== "object" || u === null || Array.isArray(u)) return false;
  const { tag, ...facts } = u as Record<string, unknown>;
  if (typeof tag !== "string" || !Object.hasOwn(FACTS, tag)) return false;
  if (tag === "QuotaExceeded" && !RESOURCES.includes(facts["resource"] as string)) return false;
  let left = Object.keys(facts).length;
  for (const word of `by? ${FACTS[tag as SessionError["tag"]]}`.split(" ")) {
    const name = word.replace(/[?#]$/, "");
    if (!Object.hasOwn(facts, name)) {
      if (!word.endsWith("?")) return false;
      continue;
    }
    left--;
    if (typeof facts[name] !== (word.endsWith("#") ? "number" : "string")) return false;
  }
  return left === 0;
};

export const SessionFacts = new t.Type<SessionError>(
  "SessionError",
  isFacts,
  (u, c) => (isFacts(u) ? t.success(u) : t.failure(u, c)),
  t.identity,
);
