// What a host does for travelers that come to it. See `source-host.ts`.
import type { Either } from "../../lib/fp.ts";
import type { Container } from "./container.ts";
import type { Lack } from "./lack.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { Requirements } from "./requirements.ts";

/** What this host can execute, for the `information` command. */
export interface HostFacts {
  readonly host: string;
  readonly wordSize: number;
  readonly byteOrder: string;
  /** SHA-256 of each engine. */
  readonly engines: readonly string[];
}

/** Travelers on their way to this host: no other command acts on their names while it is open. */
export interface Arrival {
  /**
   * Whether they could live here, judged on the whole container before it is staged, with no effect: everything that
   * is missing, at once. Cargo of an unknown kind or version is a lack.
   */
  judge(container: Container, memories: readonly Uint8Array[]): Promise<readonly Lack[]>;
  /**
   * They live here from now on, each one generation later: acquires what they held, makes them durable where the host
   * keeps its children, and lets them go on. May be called again after a Left or a crash, with the same container: an
   * identity whose generation the host has reached already was activated before, and is left as it is.
   */
  activate(
    container: Container,
    memories: readonly Uint8Array[],
  ): Promise<Either<MigrateError, readonly Activated[]>>;
  /** Has the memory of one of them, as much as has come, taken in where it will live, so that it need not be when it
   *  comes to life. It may change afterwards, as long as `changed` says where before it is called again and before
   *  `activate`. */
  prepare(name: string, memory: Uint8Array): void;
  /** The memory is otherwise in these chunks than at the last `prepare`, and beyond its end. */
  changed(name: string, chunks: readonly number[]): void;
  /** The names are free again for other commands. */
  close(): void;
}

export interface Activated {
  readonly child: string;
  readonly generation: number;
}

/** A task that its sink's operator has settled. */
export interface Taken {
  readonly task: string;
  /** The key of its source. */
  readonly from: string;
  /** Of its travelers, at least. */
  readonly generations: readonly number[];
}

export interface SinkHost {
  readonly facts: HostFacts;
  /** The base memory with this hash, whose content need not be sent; null where there is none. */
  base(hash: string): Uint8Array | null;
  /** Bytes that the memory of a child of this name may have. */
  room(name: string): number;
  /** All that is missing for these travelers to live here; no effect. */
  check(travelers: readonly Requirements[]): Promise<readonly Lack[]>;
  /** They are this host's by its operator's word, who says that their source is gone: durably noted, for the source to
   *  hear should it come back. Called before `activate`. */
  take(container: Container): Promise<Either<MigrateError, void>>;
  /** Tasks that were taken by an operator's word, whose source has not heard of it. Left: that can't be looked at now. */
  taken(): Promise<Either<MigrateError, readonly Taken[]>>;
  /** The source of a task has heard that it was taken, or it needs not. */
  acknowledged(task: string): Promise<void>;
  /** Whether a child of this name lives here, or what is kept of it could: then its task is MigSource. */
  populated(name: string): boolean;
  /**
   * What the host knows of a container that was staged before a crash, or whose travelers could not be brought to life.
   * `open`: nothing. `owned`: it is the host's, which brings its travelers back from there by itself. `settled`: they were
   * activated, and all of it may go.
   */
  standing(container: Container): Promise<"open" | "owned" | "settled">;
  /** Starts entries for the first time, or anew: all of them, or none. Right: their generations. */
  initialize(names: readonly string[]): Promise<Either<MigrateError, readonly number[]>>;
  /** Opens an arrival. Left: one of the names is taken, or something else is being done with it. */
  expect(names: readonly string[]): Either<MigrateError, Arrival>;
}
