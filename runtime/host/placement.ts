// Which thread a child comes to live in: a host's policy.
import type { Worker } from "node:worker_threads";
import type { Lodger, Residence } from "./residence.ts";

export interface Placement {
  /** Starts a thread ahead of its use, which takes some 40 ms, or takes `spare` for it. */
  warm(spare?: Worker | null): void;
  /** Gives a child its place. */
  settle(lodger: Lodger): Residence;
  /** Ends every thread. Nobody settles any more. */
  close(): Promise<void>;
}
