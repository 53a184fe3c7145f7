// A protection domain's capability space: what its selectors name, and how the methods of each are numbered by
// the library that the component was built with.
import type { Draft } from "immer";
import { returnedContract, type AnyMethod, type Contract } from "../../lib/contract.ts";
import type { CoreObject } from "../core/service.ts";
import type { AcceptedCall, Interceptor } from "../intercept/interceptor.ts";
import type { Ledger } from "../intercept/ledger.ts";
import { interceptorFor } from "../intercept/registry.ts";

export interface MethodEntry {
  readonly name: string;
  readonly method: AnyMethod;
  readonly accepts: (args: unknown) => boolean;
  /** The recipe that records it; most methods have none. */
  readonly record: ((ledger: Draft<Ledger>, call: AcceptedCall) => void) | undefined;
  readonly again: NonNullable<Interceptor["again"]>[string] | undefined;
  /** What it has to do with the outside; `none` where its object lies outside and it waits for nothing, null where
   *  its object lies in the domain. */
  readonly reach: NonNullable<Interceptor["outside"]>[string] | "none" | null;
  /** The contract of the capability that it returns. */
  readonly returns: Contract | undefined;
}

export type Interfaces = readonly (readonly [string, readonly string[]])[];

export interface Capability {
  readonly object: CoreObject;
  /** By the library's numbers; a name that the contract doesn't know leaves a gap. */
  readonly table: readonly (MethodEntry | undefined)[];
  /** How the library numbers the methods of this type and of those it hands out. */
  readonly interfaces: Interfaces;
}

const reachOf = ({ outside }: Interceptor, name: string): MethodEntry["reach"] =>
  outside === undefined ? null : Object.hasOwn(outside, name) ? outside[name]! : "none";

const entries = new Map<Contract, Map<string, MethodEntry>>();

/** What can be called of a contract, by name. */
export const entriesOf = (contract: Contract): Map<string, MethodEntry> => {
  const known = entries.get(contract);
  if (known !== undefined) return known;
  const interceptor = interceptorFor(contract);
  const made = new Map<string, MethodEntry>();
  for (const [name, method] of Object.entries(contract.methods))
    made.set(name, {
      name,
      method,
      accepts: (args) => method.args.is(args),
      record: Object.hasOwn(interceptor.record, name) ? interceptor.record[name] : undefined,
      again:
        interceptor.again !== undefined && Object.hasOwn(interceptor.again, name)
          ? interceptor.again[name]
          : undefined,
      reach: reachOf(interceptor, name),
      returns: returnedContract(method),
    });
  entries.set(contract, made);
  return made;
};

/** A capability to `object`, called by the numbers of `interfaces`. */
export const capabilityTo = (object: CoreObject, interfaces: Interfaces): Capability => {
  const { contract } = object;
  const names = interfaces.find(([service]) => service === contract.service)?.[1] ?? [];
  const known = entriesOf(contract);
  return { object, interfaces, table: names.map((name) => known.get(name)) };
};

/** A capability to an object that every library of this release numbers as its contract does. */
export const nativeCapability = (object: CoreObject, ...handsOut: Contract[]): Capability =>
  capabilityTo(
    object,
    [object.contract, ...handsOut].map((contract) => [contract.service, Object.keys(contract.methods)]),
  );
