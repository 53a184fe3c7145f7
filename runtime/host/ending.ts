// How a child ended.

export type Ending =
  | { readonly kind: "exited"; readonly code: number }
  /** `reason` as it is on its log; `slot`: of the event in whose turn it faulted, null where nobody knows. */
  | {
      readonly kind: "faulted";
      readonly reason: string;
      readonly slot: number | null;
      /** The host has ended it, and does not forgive. */
      readonly final?: true;
    }
  | { readonly kind: "frozen" }
  | { readonly kind: "killed" }
  /** A later incarnation has taken its place elsewhere, and its own effects are refused. */
  | { readonly kind: "fenced"; readonly reason: string }
  /** It was put to rest, and comes back where it is wanted: to others it is still there. */
  | { readonly kind: "resting" }
  /** What it wrote can't be had on stable storage: it is brought back to where it writes it again. */
  | { readonly kind: "unsynced"; readonly reason: string }
  /** Another child on its thread brought the thread down, and its host will bring it back. */
  | { readonly kind: "lost"; readonly reason: string };

/** How a child came to be no longer there, in words. */
export const renderEnding = (ending: Ending): string => {
  switch (ending.kind) {
    case "exited":
      return `it exited with code ${ending.code}`;
    case "faulted":
      return `it faulted: ${ending.reason}`;
    case "frozen":
      return "it was frozen";
    case "killed":
      return "it was killed";
    case "fenced":
      return `it was fenced: ${ending.reason}`;
    case "resting":
      return "it rests";
    case "unsynced":
      return `what it wrote is not on the disk: ${ending.reason}`;
    case "lost":
      return `it was lost: ${ending.reason}`;
  }
};
