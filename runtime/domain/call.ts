// Calls on their way in, and events on their way back.
import type { InFlight } from "../../lib/contract.ts";
import type { SessionError } from "../../lib/error.ts";
import type { CoreObject, Eventually } from "../core/service.ts";
import type { Capability, MethodEntry } from "./capability-space.ts";

/** A call that core has not answered yet. */
export interface PendingCall {
  readonly slot: number;
  readonly selector: number;
  readonly thread: number;
  readonly fresh: number;
  readonly args: readonly unknown[];
  readonly capability: Capability;
  readonly entry: MethodEntry;
  /** What it costs when it succeeds: bytes, and capabilities. */
  readonly cost: { readonly ram: number; readonly caps: number };
  readonly answer: Promise<unknown>;
  /** What becomes of it at a freeze. */
  readonly inFlight: InFlight;
  /** Told instead of the component, for a call that is made for another. */
  readonly done?: (error: SessionError) => void;
  /** When it was issued, in ms: on its child's clock and on the wall. */
  readonly own: number;
  readonly wall: number;
  /** The turn that made it. */
  readonly turn: number;
}

/** What one turn delivers: a reply to the call in `slot`, or with slot -1 a signal. */
export interface DomainEvent {
  readonly slot: number;
  readonly form: number;
  readonly value: string | number | Uint8Array | undefined;
  /** The thread whose call is answered. */
  readonly thread: number;
  /** The selector of a region whose memory is made just before; 0 for none. */
  readonly region: number;
  /** The key of the call that it asks the component to serve. */
  readonly key?: number;
  /** It was withheld from its paused thread when the domain was frozen. */
  readonly withheld?: true;
  /** Of an event that is no turn's; see `memory-event.ts`. */
  readonly about?: string;
  readonly number?: number;
}

/** Calls a method of an object by its name. The entry has checked the arguments. */
export const invoke = (object: CoreObject, name: string, args: readonly unknown[]): Eventually<unknown> => {
  const method = (object as unknown as Record<string, (...all: unknown[]) => Eventually<unknown>>)[name]!;
  return args.length < 2 ? method.call(object, args[0]) : method.apply(object, args as unknown[]);
};
