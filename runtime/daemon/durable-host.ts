// A host that keeps its children over its own end. What commands ask of it, whatever it is that makes them last.
import type { Either } from "../../lib/fp.ts";
import type { SessionTarget } from "../core/link.ts";
import type { OutsideSession } from "../host/outside-party.ts";
import type { HostConfig, StartConfig } from "../host/host-config.ts";
import type { KeptReports } from "../host/kept-reports.ts";
import type { Keeper } from "../host/keeper.ts";
import type { Runtime } from "../host/runtime.ts";
import type { CodeCache } from "./code-cache.ts";
import type { DurableError } from "./durable-error.ts";
import type { DurableEvent } from "./durable-event.ts";
import type { EntryReport } from "./entry-report.ts";
import type { RestartPolicy } from "../host/restart-policy.ts";
import type { Address } from "../migrate/peer.ts";
import type { Progress, TravelOptions } from "../migrate/progress.ts";
import type { StateFolder } from "./state-folder.ts";

/** What the file says of a child. */
export interface DurableEntry {
  readonly config: StartConfig;
  /** Folders below which its component may import. */
  readonly roots: readonly string[];
  /** It is not started before somebody says so. */
  readonly later: boolean;
  /** What becomes of it after a fault; null: it stays as it fell. */
  readonly restart: RestartPolicy | null;
}

export interface DurableConfig {
  /** The file, as it was named. */
  readonly file: string;
  readonly host: HostConfig;
  /** In the order of the file. */
  readonly entries: readonly DurableEntry[];
}

export interface DurableHostOptions {
  readonly folder: StateFolder;
  readonly config: DurableConfig;
  readonly runtime: Runtime;
  /** Keeps what lives, so that it survives the end of this process. */
  readonly keeper: Keeper;
  /** Keeps what it reports. */
  readonly reports: KeptReports;
  /** What the components compile to. */
  readonly code: CodeCache;
  /** Told of all that happens. */
  readonly emit: (event: DurableEvent) => void;
}

/** What is to be made of a child in a file. */
export interface ExportOrder {
  /** Absolute. */
  readonly file: string;
  /** It is given up here, to the host with the key `to`: that one alone revives it as itself. */
  readonly move: boolean;
  /** Public keys, `ed25519:…`; null: of a move this host's own, and sealed only where the host's file says so. */
  readonly to: string | null;
  readonly encrypt: string | null;
  /** The base memories that it needs come with it. */
  readonly whole: boolean;
}

export interface OutsideCall {
  readonly child: string;
  readonly service: string;
  readonly label: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** How long it may take, in ms; null: as long as it takes. */
  readonly within: number | null;
}

/** What the end of a host left. */
export interface Rest {
  /** Children that could not be frozen, and why: the next host recovers them, as after a crash. */
  readonly left: readonly { readonly child: string; readonly reason: string }[];
}

/** What came of emptying a host. */
export interface Drained {
  readonly moved: readonly string[];
  readonly left: readonly { readonly child: string; readonly reason: string }[];
}

type Told = Promise<Either<DurableError, DurableEvent>>;

/**
 * Commands run one at a time for each child; a second one hears `Busy`. On `Left` nothing has changed. What a command
 * did is durable when it resolves, with the event that tells of it.
 */
export interface DurableHost {
  /** Starts what is new in the file and brings back what was alive. What can't be brought back is told as a warning
   *  and kept as it is. */
  begin(): Promise<void>;
  /** Children that live now. */
  readonly running: readonly string[];
  /** In the order of the file, then those that are no longer in it. */
  list(): Promise<readonly EntryReport[]>;
  /** Starts an entry anew that has ended or waits. */
  start(name: string): Told;
  /** `image`: an absolute path, or null for the state directory's own. It stays frozen until it is revived. */
  freeze(name: string, image: string | null): Told;
  checkpoint(name: string, image: string | null): Told;
  revive(name: string): Told;
  kill(name: string): Told;
  /** Other code in the same place: `component`, or its own as it is now. */
  replace(name: string, component: string | null): Told;
  /** Puts it into a file: a copy, and it goes on as it was; or given up, and it never lives here again. */
  export(name: string, order: ExportOrder): Told;
  /** Takes an image or a container in, frozen, under the name that it had or `as` another. */
  import(file: string, as: string | null): Told;
  /** Listens for peers, and answers where. Left: why it can't. */
  listen(address: Address): Promise<Either<string, Address>>;
  /**
   * Moves children together to a peer, which is named or given by its address. On `Left` they run on here. `signal` stops
   * it in every phase before the decision; `told` hears how far it is.
   */
  migrate(
    names: readonly string[],
    to: string,
    options: TravelOptions,
    signal: AbortSignal,
    told: (progress: Progress) => void,
  ): Promise<Either<DurableError, readonly DurableEvent[]>>;
  /** Moves all that run, `most` at a time; answers who went and who could not. */
  drain(
    to: string,
    most: number,
    signal: AbortSignal,
    told: (event: unknown) => void,
  ): Promise<Either<DurableError, Drained>>;
  /** Stops moving all to this peer: nobody else begins, and whoever is not decided runs on here. */
  halt(to: string): Either<DurableError, void>;
  /** Asks a peer for children of its, which come here together. On `Left` they run on there, unless it says otherwise. */
  fetch(
    names: readonly string[],
    from: string,
    signal: AbortSignal,
  ): Promise<Either<DurableError, readonly DurableEvent[]>>;
  /** Has a peer start an entry of its. */
  initialize(name: string, on: string): Told;
  /** Stops a child's migration; it runs on. */
  abort(name: string): Either<DurableError, void>;
  /** The source of a child that is in doubt is gone for good: it lives here from now on. */
  resolve(name: string): Promise<Either<DurableError, void>>;
  /** Calls a method of a child's service from outside; what it answers, as JSON has it. */
  call(call: OutsideCall): Promise<Either<DurableError, unknown>>;
  /** Opens a session with a child's service from outside; what the child refuses is `Call`. */
  session(target: SessionTarget): Promise<Either<DurableError, OutsideSession>>;
  /** Freezes all that lives, and ends. */
  shutdown(): Promise<Rest>;
}

/** Opens the host of a state directory that the caller holds. Nothing runs before `begin`. */
export type OpenDurableHost = (options: DurableHostOptions) => Promise<Either<DurableError, DurableHost>>;
