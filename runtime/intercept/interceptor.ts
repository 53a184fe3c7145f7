// What interception means for one type of object: how a call that succeeded is recorded in the ledger, and how
// the record is replayed on a fresh core. Adding a type adds one of these, a contract and a core service.
import type { Draft } from "immer";
import type * as t from "io-ts";
import type { ThreadObject, ThreadWatch } from "../core/cpu.ts";
import type { RegionMap } from "../core/rm.ts";
import type { CoreObject, Eventually } from "../core/service.ts";
import type { CapabilityRecord, Ledger, RecordOf } from "./ledger.ts";

/** A call that core has accepted. `fresh` is the selector of its result, where that is a capability. */
export interface AcceptedCall {
  readonly selector: number;
  readonly fresh: number;
  readonly args: readonly any[];
  readonly result: any;
}

/** What a replay may ask of the world it is replayed into. */
export interface World {
  /** An object replayed before, by its selector. */
  object(selector: number): CoreObject | undefined;
  /** Requests a session as the child once did, by the routes of the reviving host. */
  session(record: RecordOf<"session">, position: unknown): Eventually<CoreObject>;
  readonly regions: RegionMap;
  readonly threads: Set<ThreadObject>;
  readonly watch: ThreadWatch;
}

/** How long a call has been waiting, in ms: on its child's own clock, and on the wall. */
export interface Waited {
  readonly own: number;
  readonly wall: number;
}

export interface Interceptor {
  /** The name of the contract that it intercepts. */
  readonly service: string;
  /** Recipes by method. A method without one changes nothing that outlives the call. */
  readonly record: Readonly<Record<string, (ledger: Draft<Ledger>, call: AcceptedCall) => void>>;
  /** The codec of an object's position, for objects that have one. */
  readonly position?: t.Mixed;
  /** The arguments for issuing a call again; where a method has none, they are as they were. */
  readonly again?: Readonly<
    Record<string, (object: CoreObject, args: readonly any[], waited: Waited) => readonly unknown[]>
  >;
}

/** How a record of one kind becomes an object again. */
export interface Replay<K extends CapabilityRecord["kind"]> {
  readonly kind: K;
  replay(record: RecordOf<K>, position: any, world: World): Eventually<CoreObject>;
}
