// What the promises of the embedding API reject with: an `Error` for people, with the facts for programs.
import { prose, type SessionError } from "../../lib/error.ts";
import type { Refusal } from "../daemon/control-protocol.ts";
import { renderEnding, type Ending } from "../host/ending.ts";
import { migrateProse, type MigrateError } from "../migrate/migrate-error.ts";
import { hostProse, type HostError } from "../host/host-error.ts";

/** Why something could not be done. Tell them apart by `tag`. Whatever it was, nothing has changed. */
export type HostFacts =
  | HostError
  /** A host could not be opened: `what` of it, and the operating system's words for why. */
  | { readonly tag: "Setup"; readonly what: string; readonly reason: string }
  /** Another durable host has the state directory; `pid`: its process, null where it does not answer. */
  | { readonly tag: "Running"; readonly state: string; readonly pid: number | null }
  /** A durable host, of this process or another one, could not do what was asked for; nothing has changed. */
  | { readonly tag: "Refused"; readonly child: string; readonly refusal: Refusal }
  /** The host was closed. */
  | { readonly tag: "HostClosed"; readonly host: string }
  /** What `until` waited for did not come within `within` ms, or before the child ended. */
  | {
      readonly tag: "NotReached";
      readonly child: string;
      readonly awaited: string;
      readonly within: number | null;
      readonly ending: Ending | null;
    }
  /** The host has no such provider that a program could act on; `offered` are those it has. */
  | {
      readonly tag: "NoSuchProvider";
      readonly host: string;
      readonly kind: "file provider" | "gate";
      readonly name: string;
      readonly offered: readonly string[];
    }
  /** A child's service, called from outside, refused the session or the call: `method` is `Service.method`, or the
   *  service alone. */
  | { readonly tag: "Call"; readonly child: string; readonly method: string; readonly error: SessionError }
  /** A migration came to nothing. */
  | { readonly tag: "Migrate"; readonly error: MigrateError }
  /** A provider refused what was done to it from outside. */
  | { readonly tag: "Provider"; readonly name: string; readonly error: SessionError };

const factsProse = (facts: HostFacts): string => {
  switch (facts.tag) {
    case "Setup":
      return `${facts.what}: ${facts.reason}`;
    case "Running":
      return `a host is running on ${facts.state} already${facts.pid === null ? "" : `, process ${facts.pid}`}`;
    case "Refused":
      return facts.refusal.message;
    case "HostClosed":
      return `host ${facts.host} is closed`;
    case "NotReached":
      return (
        `${facts.child} did not write ${facts.awaited}` +
        (facts.ending === null ? ` within ${facts.within} ms` : `: ${renderEnding(facts.ending)}`)
      );
    case "NoSuchProvider":
      return (
        `host ${facts.host} has no ${facts.kind} "${facts.name}" to act on; ` +
        (facts.offered.length === 0 ? "it has none" : `it has ${facts.offered.join(", ")}`)
      );
    case "Call":
      return `${facts.child}: ${prose(facts.error)}`;
    case "Migrate":
      return migrateProse(facts.error);
    case "Provider":
      return `${facts.name}: ${prose(facts.error)}`;
    default:
      return hostProse(facts);
  }
};

/** An expected failure: `name` is the tag of its facts, `message` one sentence for people. */
export class HostFailure extends Error {
  /** What happened, with the values at hand. */
  readonly facts: HostFacts;

  constructor(facts: HostFacts) {
    super(factsProse(facts));
    this.facts = facts;
    this.name = facts.tag;
  }
}
