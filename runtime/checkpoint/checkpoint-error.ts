// Why a freeze or a revival failed. Whatever it was, nothing has changed: the child runs on, or the image is as
// it was, and what had been acquired is released.
import { prose, type SessionError } from "../../lib/error.ts";

export type CheckpointError =
  /** Calls that must complete first did not, within the deadline. `calls` names them, with their threads; `held`: why the
   *  host lets none complete just now. */
  | {
      readonly tag: "Deadline";
      readonly deadline: number;
      readonly calls: readonly string[];
      readonly held?: string;
    }
  /** Another checkpoint of the child is under way. */
  | { readonly tag: "Busy"; readonly child: string }
  /** The child has ended, or is no longer there. */
  | { readonly tag: "Ended"; readonly child: string }
  /** A position could not be captured. */
  | { readonly tag: "Capture"; readonly what: string; readonly error: SessionError }
  /** A step failed for a reason of the host's own. */
  | { readonly tag: "Step"; readonly step: string; readonly reason: string }
  /** The image says something that can't be. */
  | { readonly tag: "Malformed"; readonly place: string; readonly expected: string; readonly actual: string }
  /** The image does not fit the quota; nothing was acquired. */
  | {
      readonly tag: "Quota";
      readonly resource: "ram" | "caps";
      readonly wanted: number;
      readonly available: number;
    }
  /** The reviving host refuses, or can't bring back, these; all of them, at once. */
  | { readonly tag: "Refused"; readonly missing: readonly Missing[] };

/** One capability that did not come back. */
export interface Missing {
  readonly service: string;
  readonly name: string;
  readonly error: SessionError;
}

/** What it wrote is not on stable storage, though it could be taken down. */
export const unsynced = (reason: string): CheckpointError => ({ tag: "Step", step: "sync", reason });

export const isUnsynced = (error: CheckpointError): boolean => error.tag === "Step" && error.step === "sync";

/** One sentence for people. */
export const checkpointProse = (error: CheckpointError): string => {
  switch (error.tag) {
    case "Deadline":
      return `not quiet within ${error.deadline} ms: ${error.calls.join(", ")}${error.held === undefined ? "" : `; ${error.held}`}`;
    case "Busy":
      return `${error.child} is busy: another checkpoint of it is under way`;
    case "Ended":
      return `${error.child} is not running`;
    case "Capture":
      return `the position of ${error.what} could not be captured: ${prose(error.error)}`;
    case "Step":
      return `${error.step} failed: ${error.reason}`;
    case "Malformed":
      return `the image is malformed: ${error.place} is ${error.actual}, expected ${error.expected}`;
    case "Quota":
      return `${error.resource} quota too small: ${error.wanted} wanted, ${error.available} assigned`;
    case "Refused":
      return error.missing
        .map(
          ({ service, name, error: reason }) =>
            `${service}${name === "" ? "" : ` ${name}`}: ${prose(reason)}`,
        )
        .join("; ");
  }
};
