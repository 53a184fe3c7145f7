// A capability as an argument. On the way out it is the selector that the component chose for it.
import * as t from "io-ts";
import type { Client, Contract } from "./contract.ts";
import { natural } from "./codec.ts";

const isSelector = (u: unknown): boolean => natural.is(u);

/** The codec of an argument that is a capability to an object of `contract`. The dispatcher sees the selector. */
export const selectorOf = <C extends Contract>(contract: C): t.Type<Client<C>> =>
  new t.Type<Client<C>>(
    `capability to ${contract.service}`,
    (u): u is Client<C> => isSelector(u),
    (u, c) => (isSelector(u) ? t.success(u as Client<C>) : t.failure(u, c)),
    t.identity,
  );

/** The selector behind a capability argument, on the side that the call arrives at. */
export const selectorBehind = (argument: unknown): number => argument as number;
