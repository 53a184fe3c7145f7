// A step of a durable host's life at which its process is ended. What a process that is killed leaves behind is what
// its system calls left, so the steps are these, by what they mean: an effect is let out before `file write` and applied
// after it, its answer is noted with the next `journal append`, and so on.

export type StepTime = "before" | "after";

/** The process is to end before or after the nth time, from 1, that it does this. */
export interface Step {
  readonly what: StepName;
  readonly when: StepTime;
  readonly nth: number;
}

/** All that a host does to the world, by the names that steps have. */
export const STEP_NAMES = [
  // The journal: a file of it is made, appended to, synced, and removed when nobody needs it.
  "journal made",
  "journal folder sync",
  "journal append",
  "journal sync",
  "journal trim",
  // Among what is appended: an incarnation follows another one without a checkpoint.
  "succession noted",
  // The store: checkpoints, who lives, who is over.
  "store commit",
  // Effects.
  "file open",
  "file write",
  "file truncate",
  "file sync",
  "name given",
  "name moved",
  "name removed",
  "names sync",
  "message out",
  "log write",
  "log sync",
  // Images, and the claims on them, of `freeze`, `revive`, `checkpoint` and `replace`.
  "image made",
  "image write",
  "image sync",
  "image renamed",
  "image removed",
  "images sync",
  "claim made",
  "claim sync",
  "claim removed",
  "claims sync",
  // The record of entries.
  "record write",
  "record sync",
  "record renamed",
] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** What the preloaded module is told, as JSON in the variable `CRYONODE_STEPS`. */
export interface StepOrder {
  /** Absolute. */
  readonly state: string;
  /** Where the files of the world lie, absolute. */
  readonly world: string;
  /** Where the foreign servers listen. */
  readonly ports: readonly number[];
  readonly kill: Step | null;
  /** Steps are counted from when there is such a file on; default: from the beginning. */
  readonly armed?: string | undefined;
  /** The nth such thing fails with this code, as the operating system would say it. */
  readonly fail?: (Omit<Step, "when"> & { readonly code: string; readonly times: number }) | undefined;
  /** A file to which is appended what is written and synced: see `power-cut.ts`. */
  readonly trace?: string | undefined;
  /** What the machine is to call the time since it last had no power. */
  readonly boot?: string | undefined;
}

export const stepText = ({ what, when, nth }: Step): string => `${when} ${what} ${nth}`;
