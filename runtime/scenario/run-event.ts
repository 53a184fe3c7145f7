// What a run tells as it goes: what its hosts tell, and the scenario's own progress.
import type { HostEvent } from "../host/event.ts";

export type RunEvent =
  | HostEvent
  /** A step begins. */
  | {
      readonly event: "step";
      /** From 1. */
      readonly step: number;
      readonly kind: string;
      /** The step as it was written, on one line. */
      readonly text: string;
      /** `FILE:LINE:COLUMN` */
      readonly at: string;
    }
  /** A step failed; the next may have expected that. */
  | { readonly event: "failed"; readonly step: number; readonly kind: string; readonly reason: string }
  /** An `expect` step was judged. */
  | {
      readonly event: "expect";
      readonly step: number;
      readonly ok: boolean;
      /** What was found instead; empty where it holds. */
      readonly reason: string;
    }
  | ({ readonly event: "verdict" } & Verdict);

/** How a run came out. */
export interface Verdict {
  readonly ok: boolean;
  readonly scenario: string;
  /** Steps that were done. */
  readonly steps: number;
  /** `FILE:LINE:COLUMN` of what failed; null where the verdict holds, or the run was interrupted. */
  readonly at: string | null;
  /** Why it failed; empty where it holds. */
  readonly reason: string;
  /** It was told to stop before there was a verdict. */
  readonly interrupted: boolean;
}
