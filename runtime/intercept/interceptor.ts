// What interception means for one type of object: how a call that succeeded is recorded in the ledger, and how
// the record is replayed on a fresh core. Adding a type adds one of these, a contract and a core service.
import type { Draft } from "immer";
import type * as t from "io-ts";
import type { ArgumentsOf, Contract } from "../../lib/contract.ts";
import type { ThreadObject, ThreadWatch } from "../core/cpu.ts";
import type { DataspaceMemory } from "../core/dataspace.ts";
import type { RegionMap } from "../core/region-map.ts";
import type { SharedCopy } from "../core/shared-message.ts";
import type { CoreObject, Eventually } from "../core/service.ts";
import type { CapabilityRecord, Ledger, RecordOf } from "./ledger.ts";

/** A call that core has accepted. `fresh` is the selector of its result, where that is a capability. */
export interface AcceptedCall<A = readonly unknown[]> {
  readonly selector: number;
  readonly fresh: number;
  readonly args: A;
  readonly result: unknown;
}

/** What a replay may ask of the world it is replayed into. */
export interface World {
  /** An object replayed before, by its selector. */
  object(selector: number): CoreObject | undefined;
  /** Requests a session as the child once did, by the routes of the reviving host. */
  session(record: RecordOf<"session">, position: unknown): Eventually<CoreObject>;
  /** Takes up again what another child handed over, as long as that child lets it. */
  delegated(record: RecordOf<"delegated">, position: unknown): Eventually<CoreObject>;
  /** Tells this revival from every other. */
  readonly revival: string;
  /** A dataspace that the child allocated, and that others may know by its name. */
  dataspace(content: Uint8Array, shared: SharedCopy | null): DataspaceMemory;
  readonly regions: RegionMap;
  readonly threads: Set<ThreadObject>;
  readonly watch: ThreadWatch;
}

/** How long a call has been waiting, in ms: on its child's own clock, and on the wall. */
export interface Waited {
  readonly own: number;
  readonly wall: number;
}

/** What a call has to do with the world outside. An `effect` changes it; an `ordered` call must not overtake effects
 *  that were called before it. Any other call waits for nothing. */
export type Reach = "effect" | "ordered";

/** How far an object has moved by a call that succeeded. */
export interface MovedBy {
  readonly method: string;
  readonly args: readonly unknown[];
  readonly result: unknown;
  /** Where the object said it stood after the call, in its own measure; null where it says nothing. */
  readonly place: unknown;
}

/** What is known of a position without asking its object: how it begins, and how each call moves it. */
export interface Moves {
  readonly from: unknown;
  readonly by: (position: never, call: MovedBy) => unknown;
  /** How a call moves it that failed, and of which `place` was noted. */
  readonly failed?: (position: never, place: unknown) => unknown;
}

type Reaching<A> = Reach | ((args: A) => Reach);
type Recipe<A> = (ledger: Draft<Ledger>, call: AcceptedCall<A>) => void;
type Again<A> = (object: CoreObject, args: A, waited: Waited) => readonly unknown[];

/** What a capture found out about an object: where it is, and what the ledger must learn. */
export interface Finding {
  readonly position: unknown;
  readonly note: (ledger: Draft<Ledger>, selector: number) => void;
}

/** How the calls of one contract are recorded, and what moves with them. */
export interface Interception<C extends Contract> {
  /** Recipes by method. A method without one changes nothing that outlives the call. */
  readonly record: { readonly [K in keyof C["methods"]]?: Recipe<ArgumentsOf<C, K>> };
  /** The codec of an object's position, for objects that have one. */
  readonly position?: t.Mixed;
  /** What a capture has found out, where that is more than the position: topology that others have changed. */
  readonly found?: (captured: unknown) => Finding;
  /** The arguments for issuing a call again; where a method has none, they are as they were. */
  readonly again?: { readonly [K in keyof C["methods"]]?: Again<ArgumentsOf<C, K>> };
  /** For objects that lie outside the protection domain, so that their answers can't be computed again: which of
   *  their methods reach out. */
  readonly outside?: { readonly [K in keyof C["methods"]]?: Reaching<ArgumentsOf<C, K>> };
  /** How its position moves, for objects that lie outside and have one. */
  readonly moves?: Moves;
  /** What it means for its position that calls of these methods are still to be completed: a crash came between, and
   *  they may have been made. */
  unsure?(position: never, methods: readonly string[]): unknown;
}

/** The interception of some contract. */
export interface Interceptor {
  /** The name of the contract that it intercepts. */
  readonly service: string;
  readonly record: Readonly<Record<string, Recipe<readonly unknown[]>>>;
  readonly position?: t.Mixed;
  readonly found?: (captured: unknown) => Finding;
  readonly again?: Readonly<Record<string, Again<readonly unknown[]>>>;
  readonly outside?: Readonly<Record<string, Reaching<readonly unknown[]>>>;
  readonly moves?: Moves;
  unsure?(position: never, methods: readonly string[]): unknown;
}

/** The recipes see arguments of their contract's types, because the desk has checked them. */
export const interceptor = <C extends Contract>(contract: C, interception: Interception<C>): Interceptor => ({
  service: contract.service,
  ...(interception as Omit<Interceptor, "service">),
});

/** How a record of one kind becomes an object again. The position was checked by its codec. */
export interface Replay<K extends CapabilityRecord["kind"]> {
  readonly kind: K;
  replay(record: RecordOf<K>, position: unknown, world: World): Eventually<CoreObject>;
}
