// Clients derived from contracts: one class a contract, made once, with one method a call.
import { returnedContract, type Client, type Contract, type AnyMethod } from "../contract.ts";
import { send, sendAll, sender, sendForCapability, type Adopt } from "./kernel.ts";

/** What every client is below its contract's methods. */
class Stub {
  readonly selector: number;
  readonly thread: number;
  constructor(selector: number, thread: number) {
    this.selector = selector;
    this.thread = thread;
    Object.defineProperty(this, "thread", { enumerable: false });
  }
  /** As an argument, a capability is its selector. */
  toJSON(): number {
    return this.selector;
  }
}

type StubClass = new (selector: number, thread: number) => Stub;

const arityOf = (method: AnyMethod): number => {
  const codec = method.args as { readonly arity?: number; readonly types?: readonly unknown[] };
  return codec.arity ?? codec.types?.length ?? 2;
};

const stubMethod = (index: number, method: AnyMethod): unknown => {
  const returned = returnedContract(method);
  if (returned !== undefined)
    return function (this: Stub, ...values: unknown[]) {
      return sendForCapability(this, index, values, adopter(returned, this.thread));
    };
  switch (arityOf(method)) {
    case 0:
      return function (this: Stub) {
        return send(this, index);
      };
    case 1:
      return sender(index);
    default:
      return function (this: Stub, ...values: unknown[]) {
        return sendAll(this, index, values);
      };
  }
};

const classes = new Map<Contract, StubClass>();

const classOf = (contract: Contract): StubClass => {
  const known = classes.get(contract);
  if (known !== undefined) return known;
  const made = class extends Stub {};
  Object.defineProperty(made, "name", { value: contract.service });
  const define = (name: string, value: unknown): void => {
    Object.defineProperty(made.prototype, name, { value, writable: true, configurable: true });
  };
  Object.entries(contract.methods).forEach(([name, method], index) =>
    define(name, stubMethod(index, method)),
  );
  for (const [name, value] of Object.entries(contract.guest)) define(name, value);
  classes.set(contract, made);
  return made;
};

const adopter = (contract: Contract, thread: number): Adopt => {
  const made = classOf(contract);
  return (selector, address, memory) => {
    const stub = new made(selector, thread);
    if (memory !== undefined) Object.assign(stub, { address, bytes: new Uint8Array(memory) });
    return stub;
  };
};

/** A client for the object at `selector`, whose calls are `thread`'s. */
export const clientAt = <C extends Contract>(contract: C, selector: number, thread: number): Client<C> =>
  new (classOf(contract))(selector, thread) as unknown as Client<C>;

/** The method names of `contract` and of every type it hands out, as the session request lists them. */
export const interfacesOf = (contract: Contract): [string, string[]][] => {
  const found = new Map<string, string[]>();
  const visit = (each: Contract): void => {
    if (found.has(each.service)) return;
    found.set(each.service, Object.keys(each.methods));
    for (const method of Object.values(each.methods)) {
      const returned = returnedContract(method);
      if (returned !== undefined) visit(returned);
    }
  };
  visit(contract);
  return [...found];
};
