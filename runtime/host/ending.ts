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
  /** Another child on its thread brought the thread down, and its host will bring it back. */
  | { readonly kind: "lost"; readonly reason: string };
