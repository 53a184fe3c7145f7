// Why a migration came to nothing: a closed union that carries facts. Wherever it failed, the travelers run on at their
// source, unless it says otherwise.
import type { PeerRight } from "../host/peer-right.ts";
import { hostProse, type HostError } from "../host/host-error.ts";
import { lackProse, type Lack } from "./lack.ts";
import type { WrongState } from "./role.ts";

export type MigrateError =
  | WrongState
  /** The target lacks these, all of them. */
  | { readonly tag: "Lacking"; readonly host: string; readonly lacks: readonly Lack[] }
  /** Something of the host's own failed. */
  | { readonly tag: "Host"; readonly error: HostError }
  /** There is no such traveler, or it does not run, or it is being dealt with. */
  | { readonly tag: "Unfit"; readonly child: string; readonly reason: string }
  /** The link: it could not be made, was cut, or nothing came within the time allowed. */
  | { readonly tag: "Link"; readonly peer: string; readonly reason: string }
  /** Who answers, or calls, is not who is pinned. */
  | { readonly tag: "Stranger"; readonly peer: string; readonly key: string | null }
  /** The peer said what the protocol does not allow. */
  | { readonly tag: "Protocol"; readonly place: string; readonly expected: string; readonly actual: string }
  /** The peer refused, by name. */
  | { readonly tag: "Refused"; readonly peer: string; readonly name: string; readonly reason: string }
  /** A peer asked for what it may not, by this host's configuration. */
  | { readonly tag: "Forbidden"; readonly said: PeerRight; readonly peer: string }
  /** It was told to stop. */
  | { readonly tag: "Aborted"; readonly phase: string }
  /** The disk, at this step. */
  | { readonly tag: "Disk"; readonly step: string; readonly path: string; readonly code: string };

/** What is meant most often where that is said. */
const taken = ({ said, phase }: WrongState): string =>
  (said === "receive" || said === "initialize") && phase === "populated"
    ? " (somebody of this name is there already)"
    : "";

/** One sentence for people. */
export const migrateProse = (error: MigrateError): string => {
  switch (error.tag) {
    case "WrongState":
      return `${error.said} is refused: the task is ${error.role}, ${error.phase}${taken(error)}; accepted there: ${error.accepted.join(", ")}`;
    case "Lacking":
      return `${error.host} can't take it: ${error.lacks.map(lackProse).join("; ")}`;
    case "Host":
      return hostProse(error.error);
    case "Unfit":
      return `${error.child} ${error.reason}`;
    case "Link":
      return `${error.peer}: ${error.reason}`;
    case "Stranger":
      return error.key === null
        ? `${error.peer} shows no key`
        : `${error.peer} shows the key ${error.key}, which is not the one that is pinned for it`;
    case "Protocol":
      return `${error.place}: found ${error.actual}, expected ${error.expected}`;
    case "Refused":
      return `${error.peer} refused, ${error.name}: ${error.reason}`;
    case "Forbidden":
      return `${error.said} is not for ${error.peer} to say here: its entry in \`peers\` does not have it in \`may\``;
    case "Aborted":
      return `it was stopped while ${error.phase}; nothing has changed`;
    case "Disk":
      return `${error.step} of ${error.path} failed with ${error.code}`;
  }
};
