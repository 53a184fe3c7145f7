// Contracts of objects that another child serves. Calls of a type that components declare themselves are messages
// which the runtime does not look into; those of the library's own types keep their methods. Either way a call in
// flight at a freeze is said again under its id.
import * as t from "io-ts";
import { message } from "../../lib/codec.ts";
import {
  capability,
  method,
  returnedContract,
  session,
  type AnyMethod,
  type Contract,
} from "../../lib/contract.ts";
import { File } from "../../lib/session/file-system.ts";
import { Dataspace } from "../../lib/session/ram.ts";
import { serviceContract } from "./services.ts";

const declared = new Map<string, Contract>();
const native = new Map<string, Contract>();
const all = new WeakSet<Contract>();

/** The one method of a declared type: a message, and the bytes in it. */
export const CALL = "call";

export const isRemoteContract = (contract: Contract): boolean => all.has(contract);

/** The library's own contract of this name, where its objects can be passed on. */
export const passableContract = (service: string): Contract | undefined =>
  [File, Dataspace].find((contract) => contract.service === service) ?? serviceContract(service);

const again = (each: AnyMethod): AnyMethod => {
  const returned = returnedContract(each);
  const result = returned === undefined ? each.result : capability(nativeRemote(returned));
  return { args: each.args, result, inFlight: "reissue" };
};

const nativeRemote = (contract: Contract): Contract => {
  const known = native.get(contract.service);
  if (known !== undefined) return known;
  const methods = Object.entries(contract.methods).map(([name, each]) => [name, again(each)] as const);
  const made = session(contract.service, Object.fromEntries(methods), { cost: contract.cost });
  native.set(contract.service, made);
  all.add(made);
  return made;
};

/** Whether a contract is one of the library's own, here or at another child. */
export const isNativeContract = (contract: Contract): boolean =>
  passableContract(contract.service) === contract || native.get(contract.service) === contract;

/** The contract of a remote object; undefined where `isNative` and the library has no such type. */
export const remoteContract = (service: string, isNative: boolean): Contract | undefined => {
  if (isNative) {
    const known = passableContract(service);
    return known === undefined ? undefined : nativeRemote(known);
  }
  const known = declared.get(service);
  if (known !== undefined) return known;
  const call = method({ args: message([t.string]), result: t.unknown, inFlight: "reissue" });
  const made: Contract = session(service, { [CALL]: call });
  declared.set(service, made);
  all.add(made);
  return made;
};
