// What a protection domain is made for, what it needs, and what it tells.
import type { SessionError } from "../../lib/error.ts";
import type { ClockPower } from "../core/clock.ts";
import type { Fault } from "../engine/fault.ts";
import type { EntropyPower } from "./entropy.ts";
import type { LinkPower } from "../core/link.ts";
import type { Router } from "./router.ts";
import type { RunQueue } from "./run-queue.ts";
import type { Witness } from "./witness.ts";

export interface DomainSpec {
  /** What its host knows it by. */
  readonly name: string;
  /** Its place in the tree: `init -> counter`. */
  readonly label: string;
  /** Bytes, and capabilities. */
  readonly quota: { readonly ram: number; readonly caps: number };
  /** Nominal ms that a turn may run; see `POLLS_A_MS`. */
  readonly turn: number;
  /** It comes from an image of another, and is not that one. `kin`: the identities of those that were cloned together
   *  with it, itself included. */
  readonly clone?: { readonly kin: readonly string[] };
}

/** What a domain tells its surroundings. None of these may throw. */
export interface DomainEvents {
  log(text: string): void;
  /** An entry for the log was written in a turn that still runs; `log` follows when it has ended. */
  logging?(text: string): void;
  /** The component has ended by itself. */
  exited(code: number): void;
  /** `slot`: of the event in whose turn it did; null where that was no event's. */
  faulted(fault: Fault, slot: number | null): void;
  denied(service: string, label: string, error: SessionError): void;
  /** Quota was handed to the parent: bytes, and capabilities. */
  returned(ram: number, caps: number): void;
  threadCreated(selector: number, name: string): void;
  /** A turn begins in the name of a thread, the engine still polls, the turn is over: for a watchdog. */
  turnBegins(thread: number): void;
  polls(): void;
  /** Asked as often as `polls` is told: whether nobody wants the turn that runs any more. */
  givenUp?(): boolean;
  turnEnds(): void;
}

export interface DomainPowers {
  readonly clock: ClockPower;
  readonly entropy: EntropyPower;
  readonly router: Router;
  readonly events: DomainEvents;
  /** Leads to the other children of the host; without it there are none. */
  readonly links?: LinkPower;
  /** Names for its links, no two the same wherever they are made; a UUID each, unless said otherwise. */
  readonly names?: () => string;
  /** Sees all that enters the domain; without it nobody does. */
  readonly witness?: Witness;
  /** It goes on where it was put to rest a while ago, on the same host and under the same names: to others it was there
   *  all the time, and calls on their way are still on their way. */
  readonly goesOn?: boolean;
  /** That of the domain's thread; without one it has the thread to itself. */
  readonly queue?: RunQueue;
}
