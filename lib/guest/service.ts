// What a component serves to others: services that it announced, and objects that it handed out. Requests come in as
// events of their own; each is checked by this side's contract before a method sees it.
import * as t from "io-ts";
import type { ServedSession } from "../component.ts";
import type { AnyMethod, Contract } from "../contract.ts";
import { failure, Failed, SessionFailure, type SessionError } from "../error.ts";
import { Parent } from "../session/parent.ts";
import { PARENT, SERVE_CALL, SERVE_CLOSE, SERVE_OPEN } from "./abi.ts";
import { isNative } from "./native.ts";
import { pack, Passed, Received, unpack } from "./packet.ts";
import { post, sender } from "./kernel.ts";

const METHODS = Object.keys(Parent.methods);
const SELF = { selector: PARENT, thread: 0 };
const sendAnnounce = sender(METHODS.indexOf("announce"));
const ANSWER = METHODS.indexOf("answer");
const REFUSE = METHODS.indexOf("refuse");
const REVOKE = METHODS.indexOf("revoke");

/** Returns the object that serves one session. `args` are the request's further arguments. */
export type Root = (args: Record<string, unknown>, session: ServedSession) => unknown;

interface Served {
  readonly contract: Contract;
  readonly object: Record<string, (...values: unknown[]) => unknown>;
  /** How often it was handed out, and may still be held. */
  offers: number;
}

/** What resolves a session's `closed`, by the key of its request. */
const sessions = new Map<number, () => void>();

const roots = new Map<string, { readonly contract: Contract; readonly root: Root }>();
const served = new Map<number, Served>();
/** Numbers of served objects, for those who hand one out twice. */
const numbers = new Map<Contract, WeakMap<object, number>>();
let nextNumber = 1;

export const announce = async (contract: Contract, root: Root): Promise<void> => {
  if (roots.has(contract.service)) throw new SessionFailure({ tag: "AlreadyExists", path: contract.service });
  roots.set(contract.service, { contract, root });
  try {
    await sendAnnounce.call(SELF, contract.service);
  } catch (error) {
    roots.delete(contract.service);
    throw error;
  }
};

/** What stands for an object that serves a contract. It is kept until nobody holds it any more. */
export const offer = (contract: Contract, object: object): Passed => {
  let known = numbers.get(contract);
  if (known === undefined) numbers.set(contract, (known = new WeakMap()));
  let number = known.get(object) ?? 0;
  let found = served.get(number);
  if (found === undefined) {
    number = nextNumber++;
    found = { contract, object: object as Served["object"], offers: 0 };
    known.set(object, number);
    served.set(number, found);
  }
  found.offers++;
  return new Passed([1, number, contract.service, isNative(contract)]);
};

/** Takes an object of its own away from all who hold it. */
export const revoke = (object: object): void => {
  for (const [contract, known] of numbers) {
    const number = known.get(object);
    if (number === undefined || served.get(number)?.contract !== contract) continue;
    served.delete(number);
    post(SELF, REVOKE, [number]);
  }
};

const SHOWN = 80;

const shown = (value: unknown): string => {
  const text = value instanceof Received ? `a capability to ${value.service}` : JSON.stringify(value);
  return text === undefined ? "undefined" : text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
};

/** What a codec finds wrong: the place, what stood there, what was expected. */
export const mismatch = (method: string, what: string, errors: t.Errors): SessionError => {
  const context = errors[0]?.context ?? [];
  const last = context.at(-1);
  const place = context.map(({ key }) => key).filter((key) => key !== "");
  return {
    tag: "InvalidArgument",
    method,
    place: place.length === 0 ? what : `${what} ${place.join(".")}`,
    expected: last?.type.name ?? "a value",
    actual: shown(last?.actual),
  };
};

/** What was thrown, where that was no error. */
const thrown = (value: unknown): string => (typeof value === "string" ? value : shown(value));

/** Characters of an error's name and of its message that its caller is told. */
const MOST_NAME = 80;
const MOST_MESSAGE = 4096;

const cut = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** A class of one's own whose name nobody set is still known by it. */
const nameOf = ({ name, constructor }: Error): string =>
  cut(String(name === "Error" ? constructor.name || name : name), MOST_NAME);

/** Looking at what was thrown runs code of the component's, which may throw in its turn. */
const factsOf = (service: string, error: unknown): SessionError => {
  try {
    return factsWithin(service, error);
  } catch {
    return { tag: "Failed", service, message: "an error that can't be shown" };
  }
};

const factsWithin = (service: string, error: unknown): SessionError => {
  if (error instanceof Failed || !(error instanceof SessionFailure))
    return error instanceof Error
      ? { tag: "Failed", service, name: nameOf(error), message: cut(String(error.message), MOST_MESSAGE) }
      : { tag: "Failed", service, message: cut(thrown(error), MOST_MESSAGE) };
  return error.facts;
};

const settle = (key: number, service: string, work: () => Promise<[string, ...Uint8Array[]]>): void => {
  void work().then(
    (packet) => post(SELF, ANSWER, [key, ...packet]),
    (error: unknown) => post(SELF, REFUSE, [key, factsOf(service, error)]),
  );
};

/** The root's object as a capability; one that does not serve the contract is the root's own mistake. */
const passing = (contract: Contract, object: unknown): unknown => {
  const lacking = Object.keys(contract.methods).find(
    (name) => typeof (object as Record<string, unknown> | null | undefined)?.[name] !== "function",
  );
  if (lacking !== undefined)
    throw new TypeError(`the object that serves ${contract.service} has no method ${lacking}`);
  return offer(contract, object as object);
};

const open = (key: number, service: string, label: string, client: string, args: () => unknown): void => {
  settle(key, service, async () => {
    const found = roots.get(service);
    if (found === undefined) throw new SessionFailure({ tag: "NoSuchService", service, label });
    const closed = new Promise<void>((resolve) => sessions.set(key, resolve));
    const object = await found.root(args() as Record<string, unknown>, { label, client, closed });
    return pack(null, passing(found.contract, object));
  });
};

const encoded = (method: AnyMethod, name: string, result: unknown): unknown => {
  if (!method.result.is(result))
    throw new TypeError(`${name} answered ${shown(result)}, expected ${method.result.name}`);
  return method.result.encode(result) as unknown;
};

/** Why a message could not be read: it is no JSON, or there is no memory for what it says. */
const unread = (name: string, error: unknown, bytes: number): SessionError =>
  error instanceof SyntaxError
    ? {
        tag: "InvalidArgument",
        method: name,
        place: "its message",
        expected: "JSON",
        actual: "something else",
      }
    : { tag: "QuotaExceeded", resource: "ram", wanted: bytes, available: 0 };

const read = (name: string, values: () => unknown): unknown => {
  try {
    return values();
  } catch (error) {
    throw failure(unread(name, error, 0));
  }
};

const call = (key: number, number: number, name: string, values: () => unknown): void => {
  const found = served.get(number);
  const service = found?.contract.service ?? "the object";
  settle(key, service, async () => {
    if (found === undefined) throw new SessionFailure({ tag: "Closed", what: service });
    const { contract, object } = found;
    const full = `${contract.service}.${name}`;
    const method = Object.hasOwn(contract.methods, name) ? contract.methods[name] : undefined;
    if (method === undefined)
      throw new SessionFailure({
        tag: "InvalidArgument",
        method: contract.service,
        place: "its method",
        expected: Object.keys(contract.methods).join(", "),
        actual: shown(name),
      });
    const args = method.args.decode(read(full, values)) as t.Validation<unknown[]>;
    if (args._tag === "Left") throw new SessionFailure(mismatch(full, "argument", args.left));
    const result = await object[name]!(...args.right);
    return pack(null, encoded(method, full, result));
  });
};

/** A request by another component, or the news that an object is held no more. */
export const serve = (form: number, packet: unknown, callKey: number): void => {
  if (form === SERVE_CLOSE) {
    const [number, offers, key] = JSON.parse(packet as string) as [number, number, number];
    const found = served.get(number);
    // It may have been handed out again meanwhile.
    if (found !== undefined && (found.offers -= offers) <= 0) served.delete(number);
    sessions.get(key)?.();
    sessions.delete(key);
    return;
  }
  let unpacked: ReturnType<typeof unpack>;
  try {
    unpacked = unpack(packet);
  } catch (error) {
    const { length } = packet as string | Uint8Array;
    return post(SELF, REFUSE, [callKey, unread("the call", error, length)]);
  }
  const { head, values } = unpacked;
  if (form === SERVE_OPEN)
    open(head[0] as number, head[1] as string, head[2] as string, head[3] as string, values);
  else if (form === SERVE_CALL) call(head[0] as number, head[1] as number, head[2] as string, values);
};
