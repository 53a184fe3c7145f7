// What a durable host tells: what its children do, and what it does with them.
import type { HostEvent } from "../host/event.ts";

export type DurableEvent =
  | HostEvent
  /** Other code runs in its place. */
  | {
      readonly event: "replaced";
      readonly child: string;
      readonly component: string;
      /** SHA-256 of the code that runs now. */
      readonly hash: string;
    }
  /** It faulted more often than its policy forgives, and is left as it is. */
  | { readonly event: "stuck"; readonly child: string; readonly reason: string }
  /** It is no longer in the file: it is kept as it is, and does not run. */
  | { readonly event: "kept"; readonly child: string; readonly image: string | null }
  | {
      readonly event: "exported";
      readonly child: string;
      readonly image: string;
      readonly generation: number;
      readonly bytes: number;
      /** The key of the host that it was given to; not there for a copy. */
      readonly to?: string | null;
    }
  /** It has come from another host. */
  | {
      readonly event: "arrived";
      readonly child: string;
      readonly from: string;
      readonly generation: number;
    }
  /** A peer has started it there, as it was asked to. */
  | {
      readonly event: "initialized";
      readonly child: string;
      readonly on: string;
      readonly generation: number;
    }
  | {
      readonly event: "imported";
      readonly child: string;
      readonly image: string;
      readonly generation: number;
      /** Where it comes from. */
      readonly from: string;
      /** It comes back with an identity of its own. */
      readonly clone: boolean;
    };
