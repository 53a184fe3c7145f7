// What the hosts of one process share: the engine, its base memory, threads, the state directory and its key.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { E, type Either } from "../../lib/fp.ts";
import type { Base } from "../engine/base.ts";
import { BaseLibrary, type LibraryOptions } from "../engine/base-library.ts";
import { readEngine, type EngineCode } from "../engine/wasm-module.ts";
import { disk } from "../image/disk.ts";
import type { ImageError } from "../image/image-error.ts";
import { hostKey } from "../image/key.ts";
import type { HostPlatform } from "../image/open-image.ts";
import type { Signer } from "../image/signer.ts";
import { OneEach } from "./one-each.ts";
import type { Placement } from "./placement.ts";
import { beginRun, type Runs } from "./runs.ts";
import { SharedThreads } from "./shared-threads.ts";

export interface Runtime {
  readonly engine: EngineCode;
  /** Base memories by hash. */
  readonly bases: BaseLibrary;
  readonly placement: Placement;
  /** Identities that live on some host of this process: one incarnation of each at most. */
  readonly alive: Set<string>;
  /** The state directory, absolute. */
  readonly state: string;
  readonly signer: Signer;
  /** Of the state directory, this process's the last. */
  readonly runs: Runs;
  readonly platform: HostPlatform;
  close(): Promise<void>;
}

/** The folder of a state directory where base memories lie that came with containers. */
export const BASES = "bases";

interface Platform {
  readonly engine: EngineCode;
  readonly bases: BaseLibrary;
  /** What a child starts from. */
  readonly base: Base;
  readonly platform: HostPlatform;
}

const makePlatform = (engine: EngineCode, options: LibraryOptions = {}): Platform => {
  const bases = new BaseLibrary(engine, options);
  const base = (hash: string): Uint8Array | null => bases.find(hash)?.memory ?? null;
  return { engine, bases, base: bases.current, platform: { engines: [engine.hash], base } };
};

/** Made once a process: it takes some 20 ms, and nobody changes it. */
let loaded: Platform | null = null;

/** The engine and base memory of this release, and the bases of earlier ones; other bases, where `options` says so. */
export const loadPlatform = (options?: LibraryOptions): Platform => {
  loaded ??= makePlatform(readEngine());
  return options === undefined ? loaded : makePlatform(loaded.engine, options);
};

export interface RuntimeOptions {
  /** How long a turn may go without a poll before its thread is ended, in ms of its processor time; default 5000. */
  readonly silence?: number;
  /** How many threads the children share. Default: each has one of its own, and a child that is stuck in a built-in
   *  costs nobody else anything. */
  readonly threads?: number;
  /** A thread of `startThread` that the first child gets; null: it is begun here. */
  readonly spare?: Worker | null;
  /** Base memories other than those that this release ships. */
  readonly bases?: LibraryOptions;
}

/** A runtime that has no state directory yet: an engine, its base memory and a warm thread. */
export interface RuntimeInMemory {
  /** Makes it a runtime on a state directory, which is made at first use, with its key. Rejects where the
   *  directory can't be made. Nothing of it is left running when it fails. */
  on(state: string): Promise<Either<ImageError, Runtime>>;
  /** Ends it where it is not wanted after all. */
  close(): Promise<void>;
}

/** Takes up all that a runtime needs of time, and changes nothing outside this process. */
export const warmRuntime = ({
  silence,
  threads,
  spare = null,
  bases: others,
}: RuntimeOptions = {}): RuntimeInMemory => {
  const { engine, base, bases, platform } = loadPlatform(others);
  const options = { engine, base, silence };
  const placement = threads === undefined ? new OneEach(options) : new SharedThreads(threads, options);
  placement.warm(spare);
  const close = (): Promise<void> => placement.close();
  const open = async (state: string): Promise<Either<ImageError, Runtime>> => {
    await mkdir(state, { recursive: true, mode: 0o700 });
    // The disk writes one while the other is read.
    const [runs, signer] = await Promise.all([beginRun(state), hostKey(state, disk)]);
    if (E.isLeft(signer)) return signer;
    bases.look(join(state, BASES));
    if (E.isLeft(runs)) return runs;
    const alive = new Set<string>();
    const own = { state, signer: signer.right, runs: runs.right };
    return E.right({ engine, bases, placement, alive, ...own, platform, close });
  };
  return {
    close,
    async on(state) {
      let opened: Either<ImageError, Runtime> | null = null;
      try {
        opened = await open(state);
        return opened;
      } finally {
        if (opened === null || E.isLeft(opened)) await close();
      }
    },
  };
};

/** Starts a runtime on a state directory, which is made at first use, with its key. */
export const startRuntime = (
  state: string,
  options: RuntimeOptions = {},
): Promise<Either<ImageError, Runtime>> => warmRuntime(options).on(state);
