// A session type is declared once, as a value. The client a component calls, the dispatcher that checks what
// an untrusted child sends, and the interceptor's generic part all follow from it.
import * as t from "io-ts";

/** What becomes of a call that is in flight at a freeze: it completes first (`drain`, within the freeze's
 *  deadline), is issued again at the revival (`reissue`), or is rejected with `Interrupted` (`fail`). */
export type InFlight = "drain" | "reissue" | "fail";

/** A method of whatever types. */
export interface AnyMethod {
  readonly args: t.Mixed;
  readonly result: t.Mixed;
  readonly inFlight: InFlight;
}

export interface Method<A extends unknown[], R> extends AnyMethod {
  readonly args: t.Type<A, unknown>;
  readonly result: t.Type<R, unknown>;
}

export type Methods = Readonly<Record<string, AnyMethod>>;

/** The arguments of a contract's method. */
export type ArgumentsOf<C extends Contract, K extends keyof C["methods"]> = t.TypeOf<C["methods"][K]["args"]>;

/** Quota that a session costs the protection domain that opens it, given back when it is closed. */
export interface Cost {
  /** bytes of RAM quota */
  readonly ram: number;
  /** capabilities */
  readonly caps: number;
}

export interface Contract<M extends Methods = Methods, X extends object = object> {
  readonly service: string;
  readonly methods: M;
  readonly cost: Cost;
  /** Methods that run on the component's side, in terms of the contract's own. */
  readonly guest: X;
}

/** Declares a method. `args` is a tuple codec, `result` the codec of what its promise resolves to;
 *  `inFlight` is `drain` unless said otherwise. */
export const method = <A extends unknown[], R>(spec: {
  readonly args: t.Type<A, unknown>;
  readonly result: t.Type<R, unknown>;
  readonly inFlight?: InFlight;
}): Method<A, R> => ({ args: spec.args, result: spec.result, inFlight: spec.inFlight ?? "drain" });

/**
 * Declares a session type, or the type of an object that a session hands out.
 *
 * @param service the name that routes use
 * @param methods the calls it serves, in the order that numbers them
 * @param options `cost`: quota a session takes (default 4096 bytes, 1 capability); `guest`: methods on the
 *   component's side, made from the contract's own
 */
export const session = <M extends Methods, X extends object = {}>(
  service: string,
  methods: M,
  options: { readonly cost?: Cost; readonly guest?: X & ThisType<Calls<M> & X> } = {},
): Contract<M, X> => ({
  service,
  methods,
  cost: options.cost ?? { ram: 4096, caps: 1 },
  guest: options.guest ?? ({} as X),
});

/** What may be given where a capability is wanted: the object that was got from a session, or one of the
 *  component's own that serves the contract. */
export type Offered<T> = unknown extends T
  ? T
  : T extends Of<infer C>
    ? Client<C> | Serves<C>
    : T extends Uint8Array | Date | ((...args: never[]) => unknown)
      ? T
      : T extends object
        ? { [K in keyof T]: Offered<T[K]> }
        : T;

type OfferedList<A extends unknown[]> = { [K in keyof A]: Offered<A[K]> };

/** The calls of a contract, as its client offers them. */
export type Calls<M extends Methods> = {
  readonly [K in keyof M]: M[K] extends Method<infer A, infer R>
    ? (...args: OfferedList<A>) => Promise<R>
    : never;
};

/** An object that serves a contract: what `root` returns, and what is handed out as a capability. */
export type Serves<C extends Contract> = {
  readonly [K in keyof C["methods"]]: C["methods"][K] extends Method<infer A, infer R>
    ? (...args: A) => Offered<R> | Promise<Offered<R>>
    : never;
};

/** What `env.session(contract)` resolves to. */
export type Client<C extends Contract> = C extends Contract<infer M, infer X> ? Calls<M> & X : never;

declare const contractOf: unique symbol;

/** A capability's type carries its contract, for the compiler's eyes only. */
export interface Of<C extends Contract> {
  readonly [contractOf]: C;
}

/** How a component's library puts capabilities into messages and takes them out; elsewhere there are none. */
export interface Passage {
  /** What stands for the object in a message. Throws where it can't be passed. */
  pass(contract: Contract, object: object): unknown;
  /** The object behind what stands in a message; undefined where that is no capability to `contract`. */
  receive(contract: Contract, passed: object): object | undefined;
}

let passage: Passage | null = null;
export const setPassage = (own: Passage): void => {
  passage = own;
};

const serves = ({ methods }: Contract, u: unknown): boolean =>
  typeof u === "object" &&
  u !== null &&
  Object.keys(methods).every((name) => typeof (u as Record<string, unknown>)[name] === "function");

/** Of whatever was got from elsewhere. */
export interface Closing {
  /** Gives it up, and with it what was handed on of it; returns its quota. */
  close(): Promise<void>;
}

/** The codec of a capability: an object at the other side, called by its own contract. */
export class CapabilityType<C extends Contract, X = Closing> extends t.Type<Client<C> & X & Of<C>, unknown> {
  readonly _tag = "CapabilityType" as const;
  readonly contract: C;
  constructor(contract: C) {
    super(
      contract.service,
      (u): u is Client<C> & X & Of<C> => serves(contract, u),
      (u, c) => {
        const received =
          passage === null
            ? u
            : typeof u === "object" && u !== null
              ? passage.receive(contract, u)
              : undefined;
        return typeof received === "object" && received !== null
          ? t.success(received as Client<C> & X & Of<C>)
          : t.failure(u, c);
      },
      (object) => (passage === null ? object : passage.pass(contract, object)),
    );
    this.contract = contract;
  }
}

/** A capability to an object of `contract`, as an argument or a result. */
export const capability = <C extends Contract>(contract: C): CapabilityType<C> =>
  new CapabilityType(contract);

/** The same for what core makes, and takes back by methods of its own. */
export const returned = <C extends Contract>(contract: C): CapabilityType<C, unknown> =>
  new CapabilityType(contract);

/** The contract of the capability that a method returns, if it returns one. */
export const returnedContract = ({ result }: AnyMethod): Contract | undefined =>
  result instanceof CapabilityType ? (result.contract as Contract) : undefined;
