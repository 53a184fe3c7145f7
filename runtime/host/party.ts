// A child as the broker knows it, over all its incarnations.
import type { ToDomain } from "../core/link.ts";

/** How the identities of those begin who are no children: programs outside, which no route leads to. They have no name,
 *  and end with their process. */
export const OUTSIDE = "outside:";

export interface Party {
  readonly child: string;
  readonly identity: string;
  state: "live" | "frozen" | "ended";
  /** Says something to the incarnation that lives. */
  say: (message: ToDomain) => void;
  services: Set<string>;
  /** Counts its incarnations here. */
  incarnation: number;
  /** Links of its own that were given up while it was not there to hear it. */
  left: Set<string>;
  /** Its revival has succeeded, or it was started. */
  settled: boolean;
}
