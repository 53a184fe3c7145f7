// What the host's thread and a shard's thread say to each other. Both sides are ours; what came from a child has
// been checked before it gets into one of these.
import type { SessionError } from "../../lib/error.ts";
import type { RevivedInfo } from "../../lib/guest/abi.ts";
import type { Either } from "../../lib/fp.ts";
import type { Alarm } from "../checkpoint/alarms.ts";
import type { CheckpointError } from "../checkpoint/checkpoint-error.ts";
import type { Snapshot } from "../checkpoint/snapshot.ts";
import type { FromDomain, ToDomain } from "../core/link.ts";
import type { Route } from "../core/route.ts";
import type { Base } from "../engine/base.ts";
import type { Fault } from "../engine/fault.ts";
import type { Anchors } from "../engine/anchors.ts";
import type { Registers } from "../engine/registers.ts";
import type { CheckpointPolicy } from "../durable/checkpoint-policy.ts";
import type { DomainRecord } from "../durable/journal/journal-record.ts";
import type { EngineCode } from "../engine/wasm-module.ts";
import type { Incarnation } from "../provider/epoch/incarnation.ts";
import type { Ledger } from "../intercept/ledger.ts";
import type { FileRight } from "../provider/file/file-provider.ts";
import type { GateRight } from "../provider/gate/gate-provider.ts";
import type { HttpTuning, QueueTuning, StreamTuning, Wire } from "../provider/gate/tuning.ts";

/** A host's provider, as far as a shard must know it. What has no place here is served by the host's thread. */
export type FileProviderSpec =
  | { readonly kind: "directory"; readonly path: string; readonly rights: readonly FileRight[] }
  /** In the host's thread: files in its memory, or a provider that the program brought along. */
  | { readonly kind: "memory" | "provided"; readonly rights: readonly FileRight[] };

export type GateProviderSpec =
  /** In the host's thread: a queue, or a provider that the program brought along. */
  | ({ readonly kind: "queue"; readonly rights: readonly GateRight[] } & QueueTuning)
  | { readonly kind: "provided"; readonly rights: readonly GateRight[] }
  | ({
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      /** Whether peers call, instead of being called. */
      readonly listen: boolean;
      readonly framing: Wire;
      readonly rights: readonly GateRight[];
    } & StreamTuning)
  | ({
      readonly kind: "unix";
      /** Absolute, at most 107 bytes. */
      readonly path: string;
      readonly listen: boolean;
      readonly framing: Wire;
      readonly rights: readonly GateRight[];
    } & StreamTuning)
  | ({
      readonly kind: "http";
      readonly host: string;
      readonly port: number;
      /** Whether it is encrypted, and the server has to prove its name. */
      readonly secure: boolean;
      readonly rights: readonly GateRight[];
    } & HttpTuning);

/** Everything about a child that its shard needs, as plain data. */
export interface ChildSpec {
  readonly name: string;
  readonly label: string;
  readonly host: string;
  readonly quota: { readonly ram: number; readonly caps: number };
  /** Nominal ms that a turn may run. */
  readonly turn: number;
  /** It comes from an image of another, and is not that one. `kin`: the identities of those that were cloned together
   *  with it, itself included. */
  readonly clone?: { readonly kin: readonly string[] };
  /** Whose effects providers take, as long as no later one is known to them. Without this nothing is fenced. */
  readonly fenced?: FencedSpec;
  /** What enters it is written down; without this, it ends with its host. */
  readonly kept?: KeptSpec;
  /** It is put to rest when it has been idle for so many ms; never, where that is left out. */
  readonly rest?: number;
  /** Its `config` ROM, as JSON. */
  readonly config: string;
  readonly routes: readonly Route[];
  readonly files: ReadonlyMap<string, FileProviderSpec>;
  readonly gates: ReadonlyMap<string, GateProviderSpec>;
  /** Names of the host's ROMs and of the reports that become ROMs. */
  readonly roms: ReadonlySet<string>;
}

/** How a child's effects are fenced. */
export interface FencedSpec {
  readonly incarnation: Incarnation;
  /** The folder, absolute, of the epochs of providers that have no place of their own. */
  readonly epochs: string;
}

/** How a durable host keeps a child. */
export interface KeptSpec {
  /** This incarnation's number in the journal. */
  readonly incarnation: number;
  /** From which its turns' seeds come: 32 bits, and nobody else's. */
  readonly secret: number;
  /** The journal's file, open for appending. */
  readonly journal: number;
  /** The file of its log, absolute; it is made where there is none. */
  readonly log: string;
  /** How much of its log is kept, in bytes. */
  readonly logBytes: number;
  /** When it should have another checkpoint. */
  readonly policy: CheckpointPolicy;
  /** Bytes that its checkpoints may take in the store; null: the store's own bound. */
  readonly disk: number | null;
  /** The incarnation has been before: it has so many records, and gave so many names. */
  readonly goesOn?: { readonly sequence: number; readonly names: number };
}

/** A checkpoint that a durable host has of a child, as far as its shard must know it. */
export interface KeptState {
  readonly snapshot: unknown;
  readonly memory: Uint8Array;
  readonly registers: Registers;
  /** Of the base memory that it began with. */
  readonly anchors: Anchors;
  /** What is known of the incarnation that it is of. */
  readonly incarnation: number;
  readonly secret: number;
  /** How many of its records the checkpoint includes, and how many names it had given. */
  readonly sequence: number;
  readonly names: number;
  /** What it wrote since may be lost: the machine has been without power, or the disk has failed and the machine ran
   *  on, so that others have written meanwhile. */
  readonly undone?: "power" | "disk";
  /** Its routes and quota. */
  readonly routes: readonly Route[];
  readonly quota: { readonly ram: number; readonly caps: number };
  /** It was put to rest there, and is to have been at rest for so many ms of its own time. */
  readonly rested?: number | undefined;
}

/** Who was there before an incarnation that follows without a checkpoint, and ended after so many of its records. */
export interface Forerunner {
  readonly incarnation: number;
  readonly after: number;
  /** Of the one that follows. */
  readonly generation: number;
}

/** An incarnation that followed another one, as its note says, and what has entered it since. */
export interface Successor extends Omit<KeptState, "memory" | "registers" | "anchors" | "rested"> {
  readonly records: readonly DomainRecord[];
}

/** What a log entry must be for the child to be held: the whole of it, or a match. */
export type LogMatch = { readonly whole: string } | { readonly pattern: RegExp };

export interface ShardData {
  readonly engine: EngineCode;
  /** What a child starts from; its memory in a SharedArrayBuffer. */
  readonly base: Base;
  /** See `control.ts` and `log-ring.ts`. */
  readonly control: SharedArrayBuffer;
  readonly ring: SharedArrayBuffer;
  /** See `black-box.ts`. */
  readonly box: SharedArrayBuffer;
  /** See `tail.ts`. */
  readonly tail: SharedArrayBuffer;
  /** It has time, before its first child comes, to have the engine compiled: no other thread of the process has. */
  readonly rehearses: boolean;
}

/** A frozen child on its way between threads; its memory lies in a SharedArrayBuffer. */
export interface FrozenChild {
  readonly snapshot: Snapshot;
  readonly memory: Uint8Array;
  readonly registers: Registers;
}

/** What a durable host's checkpoint is made of. */
export interface KeptChild extends FrozenChild {
  readonly sequence: number;
  readonly names: number;
  readonly pauseMs: number;
  /** The pages that are otherwise than in the last checkpoint, as a `PageSet` has them; null: not known. */
  readonly changed: Uint8Array | null;
}

/** A child that stands still to be put to rest. `Step` with the step `rest` where it does not rest now. */
export interface RestingChild extends KeptChild {
  /** What would bring it back. */
  readonly alarms: readonly Alarm[];
}

/** Where a memory differs from what was taken in of it: in stretches of `step` bytes, by their numbers, and beyond the end
 *  of that. */
export interface Expected {
  readonly step: number;
  readonly changed: readonly number[];
}

/** What the host says to a thread: something to one of its residents, by the number that the host gave it. */
export interface ToShard {
  readonly resident: number;
  readonly message: ToResident;
}

/** What a thread says: that there is something in its log ring, or what one of its residents says. */
export type FromShard = "logged" | { readonly resident: number; readonly message: FromResident };

export type ToResident =
  /** Somebody will live there who comes from another host, with this memory, which may become `ram` bytes: as much of it as
   *  is there is taken in; again, where it is otherwise than the last time. */
  | {
      readonly kind: "prime";
      readonly memory: Uint8Array;
      readonly ram: number;
      readonly expected: Expected | null;
    }
  | {
      readonly kind: "boot";
      readonly spec: ChildSpec;
      readonly code: string;
      readonly file: string;
      /** Of the code: what is compiled under it and the file's name is the same. */
      readonly hash: string;
    }
  | {
      readonly kind: "revive";
      readonly spec: ChildSpec;
      readonly frozen: {
        readonly snapshot: unknown;
        readonly memory: Uint8Array;
        readonly registers: Registers;
        /** Of the base memory that it began with. */
        readonly anchors: Anchors;
      };
      readonly generation: number;
      /** Where its memory differs from what was taken in of it; null: anywhere. */
      readonly expected: Expected | null;
      /** It is one of several: once it has acquired all that it had it says `reached` and waits for `together`. */
      readonly together: boolean;
    }
  /** Lets a booted, revived or held child take turns. */
  | { readonly kind: "go" }
  | { readonly kind: "hold" }
  | { readonly kind: "watch"; readonly match: LogMatch | null }
  | {
      readonly kind: "capture";
      /** Tells this capture from any other. */
      readonly capture: number;
      readonly deadline: number;
      /** A kept buffer for the memory; used if it has the right size. */
      readonly staging: SharedArrayBuffer | null;
      /** The buffer holds an earlier state: only what differs is written. */
      readonly since?: Look;
      /** It is one of several: once it stands still it says `reached` and waits for `together`. */
      readonly together: boolean;
    }
  /** To one of a group that has said `reached`: all have, and it goes on; or not all can, and it takes all back. */
  | { readonly kind: "together"; readonly go: boolean }
  /** After a capture: lets it run on. */
  | { readonly kind: "resume" }
  /** For the checkpoints of a durable host: takes its state down between two turns, waiting for no call; it runs on. */
  | {
      readonly kind: "keep";
      /** A buffer for its memory; used if it is large enough. The first `known` bytes are those of its last checkpoint;
       *  `loaded`: and of what it came to life with. */
      readonly copy: SharedArrayBuffer | null;
      readonly known: number;
      readonly loaded: boolean;
    }
  /** Takes its state down so that it can rest; `rested` answers. It stands still then, until `stir` or `release`. */
  | { readonly kind: "rest"; readonly copy: SharedArrayBuffer | null; readonly known: number }
  /** It does not rest after all. */
  | { readonly kind: "stir" }
  /** Goes on where it rested. It takes no turn before `go`. `known`: to others it was there all the time; else it says
   *  what it would after a revival. */
  | {
      readonly kind: "wake";
      readonly spec: ChildSpec;
      readonly former: KeptState;
      readonly generation: number;
      readonly known: boolean;
    }
  /** The checkpoint that its records come after is durable: its effects may leave. */
  | { readonly kind: "open" }
  /** Brings it from a checkpoint to where its records end, and back to life. */
  | {
      readonly kind: "recover";
      readonly spec: ChildSpec;
      readonly former: KeptState;
      readonly records: readonly DomainRecord[];
      /** Those who followed it one after another, without checkpoints. */
      readonly successors: readonly Successor[];
      /** It may follow the last one so; null: it is to have a checkpoint first. */
      readonly follows: Forerunner | null;
      /** It faulted: the event of this slot, null for the next one, is set aside. */
      readonly aside: { readonly slot: number | null } | null;
      /** It is only looked at: it does not come back to life, and `revived` says that it has ended. */
      readonly examined: boolean;
      readonly generation: number;
    }
  /** What it holds and takes; `surveyed` answers. */
  | { readonly kind: "survey" }
  /** Copies its memory between two turns; it runs on, and `glimpsed` answers. `staging` and `since` as for a capture. */
  | { readonly kind: "glimpse"; readonly staging: SharedArrayBuffer | null; readonly since?: Look }
  /** How much it takes; `measured` answers. */
  | { readonly kind: "measure" }
  /** From now on its records go there; `turnedOver` answers. */
  | { readonly kind: "turnOver"; readonly former: number; readonly journal: number }
  /** Gives back everything it holds, at whatever point of its life: it is no longer there then. */
  | { readonly kind: "release" }
  /** What other children say. */
  | { readonly kind: "link"; readonly message: ToDomain }
  | { readonly kind: "portal"; readonly message: ToPortalClient };

/** What a child takes. */
export interface Extent {
  /** Bytes: its memory, and what its capabilities take. */
  readonly memory: number;
  /** Sessions that it holds, those of its own making. */
  readonly sessions: number;
}

/** What was found at the recovery of a child that had faulted. */
export interface Aside {
  /** The event that brought it down and was set aside; null where none waited. */
  readonly event: string | null;
  /** What it had called last, the oldest first. */
  readonly calls: readonly string[];
}

/** What a child holds, while it runs. */
export interface Survey {
  readonly ledger: Ledger;
  /** Calls in flight. */
  readonly calls: readonly { readonly selector: number; readonly method: string }[];
  /** Bytes of its memory, and of all that it takes. */
  readonly memoryBytes: number;
  readonly ram: number;
}

/** A child's memory as it was between two turns. */
export interface Glimpse {
  readonly memory: Uint8Array;
  /** Chunks that differ from what the buffer held, by number; null: any may. */
  readonly changed: readonly number[] | null;
  /** Tells this look at the memory from all others. */
  readonly number: number;
}

/** A buffer holds what was seen in an earlier look, which is compared in chunks of `step` bytes. */
export interface Look {
  readonly step: number;
  readonly number: number;
}

export type FromResident =
  | { readonly kind: "booted"; readonly fault: Fault | null }
  | {
      readonly kind: "revived";
      readonly result: Either<CheckpointError, RevivedInfo["reopened"]>;
      readonly ms: number;
      /** It follows the one before it without a checkpoint. */
      readonly follows?: true;
    }
  | {
      readonly kind: "denied";
      readonly service: string;
      readonly label: string;
      readonly error: SessionError;
    }
  | {
      readonly kind: "kept";
      readonly result: Either<CheckpointError, KeptChild>;
    }
  /** So much has entered it since its last checkpoint that it should have another. */
  | { readonly kind: "due" }
  /** It has been idle for as long as it should, and may rest as far as can be told. */
  | { readonly kind: "idle" }
  | { readonly kind: "rested"; readonly result: Either<CheckpointError, RestingChild> }
  | { readonly kind: "turnedOver" }
  /** What enters it can't be written down in the journal's file, and so nothing leaves it any more. */
  | { readonly kind: "unwritten"; readonly reason: string }
  /** What it wrote can't be had on stable storage: it takes no turn any more, and is to be brought back to where it
   *  writes it again. */
  | { readonly kind: "unsynced"; readonly reason: string }
  | { readonly kind: "warning"; readonly text: string }
  | { readonly kind: "measured"; readonly extent: Extent }
  | ({ readonly kind: "aside" } & Aside)
  | { readonly kind: "surveyed"; readonly survey: Survey | null }
  | { readonly kind: "glimpsed"; readonly glimpse: Glimpse | null }
  /** It did other than its records say, at its recovery. */
  | { readonly kind: "astray"; readonly reason: string }
  | { readonly kind: "exited"; readonly code: number }
  /** `slot`: of the event in whose turn it did. */
  | { readonly kind: "faulted"; readonly fault: Fault; readonly slot: number | null }
  /** A later incarnation has taken its place: it makes no effect any more. */
  | { readonly kind: "fenced"; readonly error: SessionError }
  | { readonly kind: "held" }
  | { readonly kind: "quota"; readonly ram: number; readonly caps: number }
  | { readonly kind: "thread"; readonly selector: number; readonly name: string }
  | {
      readonly kind: "captured";
      readonly capture: number;
      readonly result: Either<
        CheckpointError,
        FrozenChild & { readonly pauseMs: number; readonly changed: readonly number[] | null }
      >;
    }
  /** One of several stands where it waits for the others; `capture` is 0 at a revival. */
  | { readonly kind: "reached"; readonly capture: number }
  | { readonly kind: "released" }
  /** What the child says to others. */
  | { readonly kind: "link"; readonly message: FromDomain }
  | { readonly kind: "portal"; readonly message: ToPortalServer };

/** Calls on objects that the host's thread serves. `object` numbers them within a shard. */
export type ToPortalServer =
  | {
      readonly kind: "open";
      readonly call: number;
      readonly object: number;
      readonly service: string;
      /** The provider, ROM or report behind the route. */
      readonly provider: string;
      readonly route: Route;
      readonly position: unknown;
    }
  | {
      readonly kind: "call";
      readonly call: number;
      readonly object: number;
      /** The number that an object in the answer gets. */
      readonly fresh: number;
      readonly method: string;
      readonly args: readonly unknown[];
    }
  | {
      readonly kind: "suspend" | "resume" | "confirm" | "hasten" | "dismissed";
      readonly object: number;
    }
  /** Nobody waits any more for this call. */
  | { readonly kind: "cancel"; readonly object: number; readonly call: number }
  | {
      readonly kind: "capture" | "release" | "enact" | "retract";
      readonly call: number;
      readonly object: number;
    };

export interface ToPortalClient {
  readonly call: number;
  readonly answer: Either<SessionError, unknown>;
  /** The object in the answer, where that is one: see `Life`. */
  readonly served: { readonly changed: string | null; readonly effect: boolean } | null;
}
