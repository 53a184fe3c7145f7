// Clients derived from contracts: one class a contract, made once, with one method a call.
import * as t from "io-ts";
import { returnedContract, setPassage, type AnyMethod, type Client, type Contract } from "../contract.ts";
import { Parent } from "../session/parent.ts";
import { SessionFailure } from "../error.ts";
import { PARENT } from "./abi.ts";
import { post, send, sendAll, sender, sendForCapability, type Adopt } from "./kernel.ts";
import { isNative } from "./native.ts";
import { onLost, pack, Passed, Received, unpack } from "./packet.ts";
import { mismatch, offer } from "./service.ts";

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

const LOST = Object.keys(Parent.methods).indexOf("lost");
onLost((selector) => post({ selector: PARENT, thread: 0 }, LOST, [selector]));

const closeSession = sender(Object.keys(Parent.methods).indexOf("close"));
const sendPacket = sender(0);

/** The arguments of a call to another component, by the contract's codecs. */
const packed = (method: AnyMethod, name: string, values: readonly unknown[]): [string, ...Uint8Array[]] =>
  pack(name, method.args.encode(values));

/** A method of a contract of the component's own: both sides check what goes over. */
const declaredMethod = (service: string, name: string, method: AnyMethod): unknown => {
  const full = `${service}.${name}`;
  const plain = method.result.encode === t.identity;
  const decoded = (packet: unknown): unknown => {
    let values: unknown;
    try {
      values = unpack(packet).values();
    } catch {
      values = undefined;
    }
    // What a method without a result answers has no JSON.
    if (values === null && method.result.is(undefined)) values = undefined;
    if (plain && method.result.is(values)) return values;
    const result = method.result.decode(values) as t.Validation<unknown>;
    if (result._tag === "Right") return result.right;
    throw new SessionFailure(mismatch(full, "its answer", result.left));
  };
  return async function (this: Stub, ...values: unknown[]) {
    const packet = packed(method, name, values);
    return decoded(await (packet.length === 1 ? sendPacket.call(this, packet[0]) : sendAll(this, 0, packet)));
  };
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
  const native = isNative(contract);
  Object.entries(contract.methods).forEach(([name, method], index) =>
    define(name, native ? stubMethod(index, method) : declaredMethod(contract.service, name, method)),
  );
  if (!Object.hasOwn(contract.methods, "close"))
    define("close", function (this: Stub) {
      return closeSession.call({ selector: PARENT, thread: this.thread }, this.selector);
    });
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

setPassage({
  pass: (contract, object) =>
    object instanceof Stub ? new Passed([0, object.selector]) : offer(contract, object),
  receive: (contract, passed) => {
    if (!(passed instanceof Received)) return undefined;
    if (passed.service !== contract.service || passed.native !== isNative(contract)) return undefined;
    const client = clientAt(contract, passed.selector, 0);
    Object.defineProperty(client, "received", { value: passed });
    return client;
  },
});

/** The method names of `contract` and of every type it hands out, as the session request lists them. */
export const interfacesOf = (contract: Contract): [string, string[]][] => {
  // What it declares itself goes over in messages that bear the method's name.
  if (!isNative(contract)) return [[contract.service, ["call"]]];
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
