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

/** The calls of a contract, as its client offers them. */
export type Calls<M extends Methods> = {
  readonly [K in keyof M]: M[K] extends Method<infer A, infer R> ? (...args: A) => Promise<R> : never;
};

/** What `env.session(contract)` resolves to. */
export type Client<C extends Contract> = C extends Contract<infer M, infer X> ? Calls<M> & X : never;

declare const contractOf: unique symbol;

/** A capability's type carries its contract, for the compiler's eyes only. */
export interface Of<C extends Contract> {
  readonly [contractOf]: C;
}

/** The codec of a capability result: an object served at the other side, called by its own contract. */
export class CapabilityType<C extends Contract> extends t.Type<Client<C> & Of<C>> {
  readonly _tag = "CapabilityType" as const;
  readonly contract: C;
  constructor(contract: C) {
    super(
      contract.service,
      (u): u is Client<C> & Of<C> => typeof u === "object" && u !== null,
      (u, c) => (typeof u === "object" && u !== null ? t.success(u as Client<C> & Of<C>) : t.failure(u, c)),
      t.identity,
    );
    this.contract = contract;
  }
}

/** A result that is a capability to an object of `contract`. */
export const capability = <C extends Contract>(contract: C): CapabilityType<C> =>
  new CapabilityType(contract);

/** The contract of the capability that a method returns, if it returns one. */
export const returnedContract = ({ result }: AnyMethod): Contract | undefined =>
  result instanceof CapabilityType ? (result.contract as Contract) : undefined;
