// What keeps components while they rest, and their last checkpoints while they run. One process at a time has a
// store open. Every method answers a value; a rejection is a bug. Of any failure the store is as it was before.
import type { Either } from "../../../lib/fp.ts";
import type { PageSet } from "./page-set.ts";
import type { Position } from "./position.ts";
import type { StoreError } from "./store-error.ts";

type Answer<A> = Promise<Either<StoreError, A>>;

/** Says that a checkpoint is durable, and names its content. */
export interface Receipt extends Position {
  readonly identity: string;
  /** SHA-256 in hexadecimal over all of it: memory, record, attachments, and the hash of the one before. */
  readonly hash: string;
}

/** Addresses in the child's memory that the engine's instance is set up with. */
export interface Registers {
  readonly stackPointer: number;
  readonly runtime: number;
  readonly context: number;
}

/** What a checkpoint says beside its memory. */
export interface CheckpointFacts extends Position {
  /** UUID in lower case. */
  readonly identity: string;
  /** What people call it, 1 to 1024 characters; for listings and errors. A read answers the latest one. */
  readonly label: string;
  /** Revivals so far. */
  readonly generation: number;
  /** SHA-256 in hexadecimal of the base memory that the child started from. */
  readonly base: string;
  /** What others with similar memory have in common, such as the hash of their code; such memories are stored as
   *  differences from one of them. 1 to 256 characters, or `null`: alone of its kind. A read answers the latest one. */
  readonly kin: string | null;
  readonly registers: Registers;
  /** Ledger, positions, calls in flight: the caller's own encoding. At most 64 MiB. */
  readonly record: Uint8Array;
  /** Whatever else belongs to it and seldom changes, such as code and source map, by names of 1 to 64 characters;
   *  each is kept once, whoever has the same one. At most 16, of 64 MiB each. An array that is handed in again is not
   *  hashed again, so it must not change. */
  readonly attachments: ReadonlyMap<string, Uint8Array>;
}

/** SHA-256 of a chunk of a memory, by its number: of what stands there, computed in this process. */
export type ChunkHash = (chunk: number) => Uint8Array;

export interface Checkpoint extends CheckpointFacts {
  /** The whole linear memory, a multiple of 65536 bytes; may lie in a SharedArrayBuffer. It must not change until
   *  `prepare` has answered; where it is `stable`, until what was prepared was committed or dropped. */
  readonly memory: Uint8Array;
  /** Default: false, and what is to be written of the memory is copied. */
  readonly stable?: boolean;
  /** What it is a difference from, where that is known. `null`: all of the memory is looked at. */
  readonly since: Since | null;
  /** Where the caller has hashed the memory already; a wrong hash is found when the chunk is read, and never before. */
  readonly hash?: ChunkHash;
  /** Asked between slices: whether nobody wants it any more. Then `prepare` fails with `GivenUp`. */
  readonly unwanted?: () => boolean;
  /** Whether the component will rest: takes some ms longer to take less space. */
  readonly resting: boolean;
  /** Most bytes that the component may take in the store, all its kept checkpoints together. What several components
   *  share is charged to the one that wrote it first. `null`: the store's own bound. */
  readonly bound: number | null;
}

export interface Since {
  /** The checkpoint before, which must be the latest one of the identity. Or of another, where this one has none: with
   *  the commit all that is kept of that one is this one's, and that one is no more. */
  readonly receipt: Receipt;
  /** Every page that may differ from it. Pages beyond the end of the earlier memory need not be in it. */
  readonly changed: PageSet;
}

/** A checkpoint that was hashed and compressed, and waits to be committed; it shares no bytes with its memory, unless that is
 *  `stable`. Until it
 *  is committed or dropped no other one of its identity can be prepared. */
export interface Prepared {
  readonly identity: string;
  readonly position: Position;
  /** What the store will grow by at most, in bytes. */
  readonly bytes: number;
  /** Gives it up. Afterwards, or after a commit, it does nothing. */
  drop(): void;
}

/** Changes that happen together or not at all. Order does not matter: each key and identity may occur once. */
export interface Batch {
  /** At most one of an identity; a consistent cut of a group has several. */
  readonly checkpoints?: readonly Prepared[];
  /** Keys are text of 1 to 256 characters without NUL; values have at most 16 MiB. */
  readonly set?: ReadonlyMap<string, Uint8Array>;
  readonly unset?: readonly string[];
  /** Identities all of whose checkpoints go. Their epochs stay on record, so that nobody brings an old one back. */
  readonly remove?: readonly string[];
  /** New epochs of identities, each greater than what is on record: older incarnations can commit no more. */
  readonly epochs?: ReadonlyMap<string, number>;
  /** Somebody waits for it, or more is to come: what can be swept stays for later, unless there is no room without. */
  readonly hurried?: boolean;
  /** Identities whose epochs are forgotten as well. They must be in `remove`, or have no checkpoints. */
  readonly forget?: readonly string[];
}

export interface Committed {
  /** Of the checkpoints, in the batch's order. */
  readonly receipts: readonly Receipt[];
}

export interface ReadOptions {
  /** Which one. Default: the latest. */
  readonly sequence?: number;
  /** What is known to have been committed, from a journal for instance: an older latest one is `RolledBack`. */
  readonly atLeast?: Position;
  /** Where the memory goes: as many bytes as asked for, best touched before. Default: fresh ones. */
  readonly into?: (bytes: number) => Uint8Array;
  /** Whether what was read and checked lately, of others who have it in common, may be taken as it was then. Default:
   *  every byte is read and checked anew. */
  readonly familiar?: boolean;
}

export interface Restored extends CheckpointFacts {
  readonly memory: Uint8Array;
  readonly receipt: Receipt;
}

/** One kept checkpoint, in a listing. */
export interface KeptCheckpoint extends Receipt {
  readonly generation: number;
  readonly base: string;
  readonly memoryBytes: number;
}

export interface ComponentFacts {
  readonly identity: string;
  readonly label: string;
  readonly kin: string | null;
  /** On record; at least that of the latest checkpoint. */
  readonly epoch: number;
  /** What is charged to it, in bytes. */
  readonly bytes: number;
  /** Latest first; at least one. */
  readonly checkpoints: readonly KeptCheckpoint[];
}

/** One page of a listing, in the order of its keys. */
export interface Listed<A> {
  readonly items: readonly A[];
  /** Where the next page begins, as `after`; `null` after the last one. */
  readonly next: string | null;
}

export interface ListedComponents extends Listed<ComponentFacts> {
  /** Identities between these of which the store can say no more: what is on record of them is damaged. */
  readonly damaged: readonly string[];
}

export interface ListOptions {
  readonly after?: string | null;
  /** Default 1000. */
  readonly limit?: number;
}

export interface StoreFacts {
  readonly components: number;
  /** Contents kept, each once. */
  readonly chunks: number;
  /** What they take, in bytes, their keys included and the engine's own overhead not. */
  readonly bytes: number;
  /** What the engine takes on its disk, in bytes. The memory store answers `bytes` again. */
  readonly diskBytes: number;
}

export interface Swept {
  /** Chunks given back. */
  readonly chunks: number;
  readonly bytes: number;
  /** Whether there is more to sweep. */
  readonly more: boolean;
}

export interface Store {
  /** Where it is, for errors. */
  readonly path: string;
  /**
   * Hashes and compresses what changed, in slices of some ms between which others run, and writes nothing.
   * Fails with `Busy`, `Stale`, `OutOfOrder`, `WrongParent`, `WrongBase`, `Malformed`, `TooLarge`, `Corrupt`, `GivenUp`.
   */
  prepare(checkpoint: Checkpoint): Answer<Prepared>;
  /**
   * All of the batch or nothing; durable when it answers. Batches of one moment share a sync. Checkpoints beyond
   * the number to keep go with it. A prepared checkpoint is used up by a commit that succeeds, and by one that fails.
   * Fails with `Stale`, `OutOfOrder`, `OverBound`, `NoSpace`, `Io`.
   */
  commit(batch: Batch): Answer<Committed>;
  /** `prepare` and `commit` of one checkpoint. */
  put(checkpoint: Checkpoint): Answer<Receipt>;
  /**
   * A checkpoint again, every byte verified. Allocates nothing of a size that was not written by a commit.
   * Fails with `NoSuchComponent`, `NoSuchCheckpoint`, `WrongBase`, `RolledBack`, `Corrupt`, `Io`. After a failure the
   * bytes of `into` mean nothing.
   */
  read(identity: string, options?: ReadOptions): Answer<Restored>;
  /** One component's facts, without reading its memory; `null` where it has no checkpoint. */
  component(identity: string): Answer<ComponentFacts | null>;
  /** By identity. */
  components(options?: ListOptions): Answer<ListedComponents>;
  /** The epoch on record, also of what was removed; `null` where there is none. */
  epoch(identity: string): Answer<number | null>;
  get(key: string): Answer<Uint8Array | null>;
  /** Keys that begin with `prefix`, by key. */
  entries(prefix: string, options?: ListOptions): Answer<Listed<readonly [key: string, value: Uint8Array]>>;
  /**
   * Gives back what no checkpoint needs any more, at most `chunks` (default 1000) of them in one transaction. Every
   * commit of a checkpoint that is not hurried sweeps a little itself, so this is for times of leisure. What is being read stays.
   */
  sweep(chunks?: number): Answer<Swept>;
  facts(): Answer<StoreFacts>;
  /** Waits for commits under way; later calls answer `Closed`. */
  close(): Promise<void>;
}
