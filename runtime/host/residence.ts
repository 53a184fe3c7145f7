// A child's place in a thread, as the child holds it.
import type { FromResident, ToResident } from "../shard/protocol.ts";

/** Who lives there: told of what happens to it. */
export interface Lodger {
  readonly name: string;
  message(message: FromResident): void;
  log(text: string): void;
  /** The thread is gone while this one had its turn, or failed for a reason that nobody else has. */
  died(reason: string): void;
  /** The thread is gone for a reason that another one gave. */
  lost(reason: string): void;
}

export interface Residence {
  /** The thread is gone. */
  readonly gone: boolean;
  /** Whose turn runs in the thread right now: null, another's name, or its own thread's selector. */
  readonly running: number | string | null;
  post(message: ToResident): void;
  /** The lodger says that it has left by itself. */
  leave(): void;
  /** Puts it out, whatever it does; resolves when it is no longer there. What it had written to its log comes out
   *  first. */
  evict(): Promise<void>;
}
