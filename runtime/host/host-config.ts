// What a host offers: quota, and providers by name.
import { DEFAULT_POLICY, type CheckpointPolicy } from "../durable/checkpoint-policy.ts";
import type { FileProvider, FileRight } from "../provider/file/file-provider.ts";
import type { GateProvider, GateRight } from "../provider/gate/gate-provider.ts";
import type { GateProviderSpec } from "../shard/protocol.ts";
import type { Route } from "../core/route.ts";
import type { PeerRight } from "./peer-right.ts";

/** Real files below a directory, or files in the host's memory that end with it. */
export type FileProviderConfig =
  | {
      readonly kind: "directory";
      /** Absolute; made when it is not there. */
      readonly path: string;
      readonly rights: readonly FileRight[];
    }
  | {
      readonly kind: "memory";
      /** What is there at first: text by path. */
      readonly content: Readonly<Record<string, string>>;
      readonly rights: readonly FileRight[];
    }
  /** The program's own; it outlives the host. */
  | { readonly kind: "provided"; readonly provider: FileProvider; readonly rights: readonly FileRight[] };

export type GateProviderConfig =
  /** A queue is two, whose outer ends the host's program holds. */
  | Exclude<GateProviderSpec, { readonly kind: "provided" }>
  /** The program's own; it outlives the host. */
  | { readonly kind: "provided"; readonly provider: GateProvider; readonly rights: readonly GateRight[] };

export type RomConfig =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "json"; readonly json: unknown }
  /** `path` is absolute; it is read when the host starts. */
  | { readonly kind: "file"; readonly path: string };

export interface HostConfig {
  readonly name: string;
  /** Bytes of RAM for all children together. */
  readonly ram: number;
  /** Capabilities for all children together. */
  readonly caps: number;
  readonly files: Readonly<Record<string, FileProviderConfig>>;
  readonly gates: Readonly<Record<string, GateProviderConfig>>;
  readonly roms: Readonly<Record<string, RomConfig>>;
  /** Public keys of other hosts whose images it accepts, `ed25519:…`. */
  readonly trust: readonly string[];
  /** The folder, absolute, where the epochs of providers lie that have no place of their own, as gates; hosts with the
   *  same gates share it. Default: `epochs` in the state directory, which no other host sees. */
  readonly epochs?: string;
  /** The public key that what is exported is sealed for, unless a command says otherwise. */
  readonly encrypt?: string;
  /** Hosts that children may move to and come from. */
  readonly peers?: readonly PeerConfig[];
}

/** Another host: what it is called here, where it listens, and the public key that it must show. */
export interface PeerConfig {
  readonly name: string;
  /** `HOST:PORT`. */
  readonly address: string;
  /** `ed25519:…`. */
  readonly key: string;
  readonly may: readonly PeerRight[];
}

/** Unless the host's file says otherwise. */
export const PEER_MAY: readonly PeerRight[] = ["receive"];

/** How a child is started, and under which routes and quota it is revived. */
export interface StartConfig {
  readonly name: string;
  /** The component's file, absolute. */
  readonly component: string;
  /** Bytes of RAM, and capabilities. */
  readonly ram: number;
  readonly caps: number;
  /** Its `config` ROM. */
  readonly config: unknown;
  readonly routes: readonly Route[];
  /** Nominal ms that a turn may run. */
  readonly turn: number;
  /** On a durable host. */
  readonly keeping?: KeepingConfig;
  /** On a durable host: how long it is idle, in ms, before it is put to rest. Never, where it is left out. */
  readonly rest?: number;
}

/** How much a durable host keeps of a child, and how often. */
export interface KeepingConfig {
  readonly checkpoint: CheckpointPolicy;
  /** Bytes that its checkpoints may take in the store; null: the store's own bound. */
  readonly disk: number | null;
  /** Bytes of its log that are kept; the oldest go first. */
  readonly log: number;
}

export const DEFAULT_KEEPING: KeepingConfig = {
  checkpoint: DEFAULT_POLICY,
  disk: null,
  log: 32 << 20,
};
