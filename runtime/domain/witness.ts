// Who stands between a protection domain and everything that enters it: the time of its turns, entropy, answers from
// outside, messages of others. A durable host writes these down as they enter; a replay says them again from what was
// written, and so brings the domain to where it was.
import type { CoreObject, Eventually } from "../core/service.ts";
import type { ToDomain } from "../core/link.ts";
import type { MethodEntry } from "./capability-space.ts";

/** The time that a turn goes by, in ms: on its child's own clock, and on the wall. */
export interface Stamp {
  readonly own: number;
  readonly wall: number;
}

export interface WitnessedCall {
  readonly slot: number;
  /** The turn that made it: with its slot, its name. */
  readonly turn: number;
  readonly object: CoreObject;
  readonly entry: MethodEntry;
  /** Bytes in them are valid during the call only. */
  readonly args: readonly unknown[];
  /** What was planned for it before a crash; see `Life.plan`. */
  readonly plan: unknown;
}

/** The slot that a turn is noted with in which no event is delivered: it loads the component's code. */
export const NO_EVENT = -2;

export interface Witness {
  /** Whether it says again what it was told before. */
  readonly replays: boolean;
  /** A turn begins; `now` is what the clocks say. */
  begin(now: Stamp): Stamp;
  /** The machine draws entropy; what is in `into` came from the host. */
  entropy(into: Uint8Array): void;
  /** A turn has run, and its calls are about to be served. `digest` is the machine's of these calls. */
  turn(turn: number, slot: number, digest: number): void;
  /** Calls an object; every call of the domain comes by here. */
  call(call: WitnessedCall): Eventually<unknown>;
  /** What another child did to the domain's memory takes effect now, the next of what was heard of it. */
  remembered(): void;
  /** Another child said something. */
  heard(message: ToDomain): void;
  /** The component has given up an object for good; its release follows. */
  dropped?(object: CoreObject): void;
  /** The domain has come to its end, and is about to give back what it holds: resolves when no crash can undo that, with
   *  true; or, where it can't be seen to, with false; with null where it will be brought back. */
  ending?(): Promise<boolean | null>;
  /** It has faulted, and is about to give back what it holds; false where it has not, since it will be brought back to
   *  before that. */
  falling?(): boolean;
}
