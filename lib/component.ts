// What a component is, and what it finds in its `env`.
import type { Client, Closing, Contract, Serves } from "./contract.ts";
import type { RevivedInfo } from "./guest/abi.ts";
import type { Cpu, ThreadState } from "./session/cpu.ts";
import type { Pd } from "./session/pd.ts";
import type { Ram } from "./session/ram.ts";
import type { Rm } from "./session/rm.ts";

/** A signal of the parent. Calling it, or `on`, adds a handler and returns what takes it away again; a
 *  component that has a handler goes on living. */
export interface Signal<T> {
  (handler: (value: T) => void): () => void;
  on(handler: (value: T) => void): () => void;
  /** Resolves at the next signal. */
  next(): Promise<T>;
  [Symbol.asyncIterator](): AsyncIterator<T, void, void>;
}

/** What a component that asks is told after each revival. */
export type Revived = RevivedInfo;

export interface SessionOptions {
  /** Which of several sessions of the type is meant; routes match it, providers and ROMs are named by it.
   *  Default `""`. */
  readonly label?: string;
  /** Bytes of RAM quota donated to the session, if more than its contract costs. */
  readonly ram?: number;
  /** Capabilities donated to the session, if more than its contract costs. */
  readonly caps?: number;
  /** Further arguments, as the service documents them. */
  readonly [argument: string]: unknown;
}

export type SessionClient<C extends Contract> = Client<C> & Closing;

/** A thread as its creator holds it. */
export interface ThreadHandle {
  readonly name: string;
  pause(): Promise<void>;
  resume(): Promise<void>;
  kill(): Promise<void>;
  /** Resolves when it has ended, with how. Rejects with what its function threw. */
  join(): Promise<ThreadState>;
  state(): Promise<ThreadState>;
}

export interface CpuSession extends Client<typeof Cpu> {
  /** Starts a thread. It makes its calls through the `env` that `main` is given. */
  thread(name: string, main: (env: Env) => unknown): Promise<ThreadHandle>;
}

/** A session as the component that serves it sees it. */
export interface ServedSession {
  /** The label of the request. */
  readonly label: string;
  /** The name of the component that asked; empty for a program outside. */
  readonly client: string;
  /** Resolves when it is over: closed by its client or revoked here, or its client has ended. */
  readonly closed: Promise<void>;
}

export interface Env {
  /** Its place in the tree of components: `init -> counter`. */
  readonly label: string;
  /** The `config` value of its start entry. */
  config<T = unknown>(): Promise<T>;
  /** Requests a session through the parent. Rejects with `Denied`, `QuotaExceeded` or `NoSuchService`. */
  session<C extends Contract>(contract: C, options?: SessionOptions): Promise<SessionClient<C>>;
  /** Provides a service to those whose routes lead here. `root` is called for each session, with the request's
   *  further arguments, and returns the object that serves it; what it throws, the client's request is rejected
   *  with. Rejects with `AlreadyExists` where the service was announced before. A component that announced a service
   *  goes on living. */
  announce<C extends Contract>(
    contract: C,
    root: (args: Readonly<Record<string, unknown>>, session: ServedSession) => Serves<C> | Promise<Serves<C>>,
  ): Promise<void>;
  /** Takes an object of its own, handed out as a capability, away from all who hold it: their calls are rejected with
   *  `Closed`. */
  revoke(object: object): void;
  readonly ram: Client<typeof Ram>;
  readonly rm: Client<typeof Rm>;
  readonly cpu: CpuSession;
  readonly pd: Client<typeof Pd>;
  /** Comes after each revival. */
  readonly revived: Signal<Revived>;
  /** Ends the component when this turn is over; the turn's calls still go out. `code` defaults to 0. */
  exit(code?: number): void;
}

export type Main = (env: Env) => unknown;

/** Declares a component: its file's default export. It ends when `main` has returned and nothing is pending. */
export const component = (main: Main): Main => main;
