// A child as the broker knows it, over all its incarnations.
import type { OwnedLink, ToDomain } from "../core/link.ts";

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
  /** It lives on another host, and somebody speaks for it here. */
  far: boolean;
}

interface HeldFar {
  readonly link: string;
  readonly owner: string;
  readonly child: string;
  readonly opening: boolean;
}

/** Somebody of another host, as that host tells. */
export interface FarParty {
  readonly child: string;
  readonly identity: string;
  readonly services: readonly string[];
  /** The links that it owns here. */
  readonly owns: readonly OwnedLink[];
  /** Those that it holds, with the identity and name of whoever owns them. `opening`: it has asked for it just now. */
  readonly holds: readonly HeldFar[];
}
