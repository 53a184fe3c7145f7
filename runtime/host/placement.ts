// Which thread a child comes to live in: a host's policy.
import type { Lodger, Residence } from "./residence.ts";

export interface Placement {
  /** Starts a thread ahead of its use: that takes some 40 ms. */
  warm(): void;
  /** Gives a child its place. */
  settle(lodger: Lodger): Residence;
  /** Ends every thread. Nobody settles any more. */
  close(): Promise<void>;
}
