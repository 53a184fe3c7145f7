// A host: quota, providers and routes, and the children that live on them.
import { randomUUID } from "node:crypto";
import { dirname } from "node:path";
import { prose } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { RevivedInfo } from "../../lib/guest/abi.ts";
import { checkpointProse, type CheckpointError, type Missing } from "../checkpoint/checkpoint-error.ts";
import { deniedClaims } from "../checkpoint/claimed.ts";
import { compileComponent } from "../component/compile.ts";
import { encodeImage } from "../image/container.ts";
import { disk } from "../image/disk.ts";
import type { FilePower } from "../image/file-power.ts";
import type { ChildManifest } from "../image/image.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";
import { encodeMemory } from "../image/memory.ts";
import { decode, openImage } from "../image/open-image.ts";
import type { PublicKey } from "../image/public-key.ts";
import { readImage } from "../image/read-image.ts";
import { writeImage } from "../image/write-image.ts";
import type { ChildSpec, FrozenChild } from "../shard/protocol.ts";
import { Child, type ChildCode, type ChildIdentity, type ChildSurroundings } from "./child.ts";
import { claim } from "./claims.ts";
import type { HostEvent } from "./event.ts";
import type { Frozen } from "./frozen.ts";
import type { HostConfig, StartConfig } from "./host-config.ts";
import type { HostError } from "./host-error.ts";
import { ServiceBroker } from "./service-broker.ts";
import { makeProviders, type Providers } from "./providers.ts";
import type { Runtime } from "./runtime.ts";

/** How long calls that must complete are waited for at a freeze, in ms, unless said otherwise. */
export const FREEZE_DEADLINE_MS = 5000;

export type BeforeGo = (child: Child) => "hold" | void;

export interface LiveHostOptions {
  readonly config: HostConfig;
  readonly runtime: Runtime;
  readonly emit: (event: HostEvent) => void;
  /** Told of a child before it takes its first turn. Where it answers `hold`, the child takes none before `go`. */
  readonly beforeGo?: BeforeGo;
  /** The file system that images are written to and read from. Default: the real one. */
  readonly files?: FilePower;
}

export interface FreezeOptions {
  /** The image's path. */
  readonly image: string;
  /** In ms; default `FREEZE_DEADLINE_MS`. */
  readonly deadline?: number;
}

const checkpointFailed = (error: CheckpointError): Either<HostError, never> =>
  E.left({ tag: "Checkpoint", error });

const imageFailed = (path: string, error: ImageError): Either<HostError, never> =>
  E.left({ tag: "Image", path, error });

export class LiveHost {
  readonly config: HostConfig;
  readonly providers: Providers;
  readonly #runtime: Runtime;
  readonly #emit: (event: HostEvent) => void;
  readonly #beforeGo: BeforeGo;
  readonly #files: FilePower;
  readonly #children = new Map<string, Child>();
  /** Names of children that are being made. */
  readonly #making = new Set<string>();
  readonly #broker = new ServiceBroker();
  #freeRam: number;
  #freeCaps: number;
  #staging: SharedArrayBuffer | null = null;

  constructor({ config, runtime, emit, beforeGo = () => {}, files = disk }: LiveHostOptions) {
    this.config = config;
    this.#runtime = runtime;
    this.#emit = emit;
    this.#beforeGo = beforeGo;
    this.#files = files;
    this.providers = makeProviders(config);
    this.#freeRam = config.ram;
    this.#freeCaps = config.caps;
  }

  /** Quota that no child has: bytes, and capabilities. */
  get free(): { readonly ram: number; readonly caps: number } {
    return { ram: this.#freeRam, caps: this.#freeCaps };
  }

  /** The child of this name that lives, or the last one that did. */
  child(name: string): Child | undefined {
    return this.#children.get(name);
  }

  #living(name: string): Child | null {
    const child = this.#children.get(name);
    return child !== undefined && child.ending === null ? child : null;
  }

  /** Compiles and starts a component. */
  async start(
    config: StartConfig,
    roots: readonly string[] = [dirname(config.component)],
  ): Promise<Either<HostError, Child>> {
    const compiled = await compileComponent({ file: config.component, roots });
    if (E.isLeft(compiled)) return E.left({ tag: "Component", diagnostics: compiled.left });
    const { code, name, hash, sourceMap } = compiled.right;
    return this.startCompiled(config, code, { file: name, hash, sourceMap });
  }

  /** Starts a component that was compiled before. */
  async startCompiled(
    config: StartConfig,
    source: string,
    code: ChildCode,
  ): Promise<Either<HostError, Child>> {
    const made = this.#make(config, code, { identity: randomUUID(), generation: 1 });
    if (E.isLeft(made)) return made;
    const child = made.right;
    const booted = await child.boot(source);
    this.#making.delete(config.name);
    if (E.isLeft(booted)) {
      const { ending } = child;
      const why = booted.left.tag === "Step" ? booted.left.reason : checkpointProse(booted.left);
      const reason = ending?.kind === "faulted" ? ending.reason : why;
      await child.release();
      return E.left({ tag: "Boot", child: config.name, reason });
    }
    this.#children.set(config.name, child);
    child.settled();
    this.#emit({ event: "started", child: config.name, host: this.config.name });
    if (this.#beforeGo(child) !== "hold") child.go();
    return made;
  }

  #make(
    config: StartConfig,
    code: ChildCode,
    identity: ChildIdentity,
    clone = false,
  ): Either<HostError, Child> {
    const { alive } = this.#runtime;
    const taken = this.#living(config.name) !== null || this.#making.has(config.name);
    if (taken || alive.has(identity.identity)) return E.left({ tag: "AlreadyRunning", child: config.name });
    const short = this.#shortOf(config);
    if (short !== null) return E.left(short);
    this.#making.add(config.name);
    alive.add(identity.identity);
    const { ram, caps } = config;
    this.#freeRam -= ram;
    this.#freeCaps -= caps;
    const surroundings: ChildSurroundings = {
      providers: this.providers,
      threads: this.#runtime.threads,
      emit: this.#emit,
      broker: this.#broker,
      freed: (bytes, capabilities) => {
        this.#freeRam += bytes;
        this.#freeCaps += capabilities;
      },
    };
    const spec = { ...this.#spec(config), clone };
    const child = new Child(spec, code, identity, this.#runtime.threads.take(), surroundings);
    void child.ended.then(() => alive.delete(identity.identity));
    return E.right(child);
  }

  #shortOf({ ram, caps }: StartConfig): HostError | null {
    const host = this.config.name;
    if (ram > this.#freeRam)
      return { tag: "HostQuota", host, resource: "ram", wanted: ram, available: this.#freeRam };
    if (caps > this.#freeCaps)
      return { tag: "HostQuota", host, resource: "caps", wanted: caps, available: this.#freeCaps };
    return null;
  }

  #spec({ name, ram, caps, turn, config, routes }: StartConfig): ChildSpec {
    const reports = routes.flatMap(({ service, report }) =>
      service === "ROM" && report !== undefined ? [report] : [],
    );
    return {
      name,
      label: `init -> ${name}`,
      host: this.config.name,
      quota: { ram, caps },
      turn,
      config: JSON.stringify(config ?? null),
      routes,
      files: this.providers.fileSpecs,
      gates: this.providers.gateSpecs,
      roms: new Set([...Object.keys(this.config.roms), ...reports]),
    };
  }

  /** Freezes a child: the image holds all of it, and the child is no longer here. On failure it runs on. */
  async freeze(name: string, options: FreezeOptions): Promise<Either<HostError, Frozen>> {
    const child = this.#living(name);
    if (child === null) return E.left({ tag: "NoSuchChild", child: name });
    const captured = await child.capture(options.deadline ?? FREEZE_DEADLINE_MS, this.#takeStaging());
    if (E.isLeft(captured)) return checkpointFailed(captured.left);
    const written = await this.#write(child, captured.right, options.image);
    this.#staging = captured.right.memory.buffer as SharedArrayBuffer;
    if (E.isLeft(written)) {
      child.resume();
      return written;
    }
    await child.release();
    this.#emit({ event: "frozen", child: name, ...written.right });
    return written;
  }

  /** Writes an image of a child while it goes on running. */
  async checkpoint(name: string, options: FreezeOptions): Promise<Either<HostError, Frozen>> {
    const child = this.#living(name);
    if (child === null) return E.left({ tag: "NoSuchChild", child: name });
    const captured = await child.capture(options.deadline ?? FREEZE_DEADLINE_MS, this.#takeStaging());
    if (E.isLeft(captured)) return checkpointFailed(captured.left);
    child.resume();
    const written = await this.#write(child, captured.right, options.image);
    this.#staging = captured.right.memory.buffer as SharedArrayBuffer;
    if (E.isRight(written)) this.#emit({ event: "checkpointed", child: name, ...written.right });
    return written;
  }

  /** A buffer kept from an earlier freeze, for one freeze at a time. */
  #takeStaging(): SharedArrayBuffer | null {
    const staging = this.#staging;
    this.#staging = null;
    return staging;
  }

  async #write(
    child: Child,
    { snapshot, memory, registers, pauseMs }: FrozenChild & { readonly pauseMs: number },
    path: string,
  ): Promise<Either<HostError, Frozen>> {
    const { engine, base, signer } = this.#runtime;
    const { identity, generation } = child.identity;
    const manifest: ChildManifest = {
      name: child.name,
      label: child.spec.label,
      identity,
      generation,
      platform: { engine: engine.hash, base: base.hash, wordSize: 32, byteOrder: "little" },
      registers,
      code: child.code,
      quota: snapshot.ledger.quota,
      memoryBytes: memory.length,
      ledger: snapshot,
    };
    const image = {
      format: 1 as const,
      image: randomUUID(),
      created: Date.now(),
      host: this.config.name,
      children: [manifest],
    };
    const encoded = encodeImage(image, [encodeMemory(memory, base.memory)], signer);
    if (E.isLeft(encoded)) return imageFailed(path, encoded.left);
    const written = await writeImage(path, encoded.right, this.#files);
    if (E.isLeft(written)) return imageFailed(path, written.left);
    const { bytes, warning } = written.right;
    if (warning !== null) this.#emit({ event: "warning", child: child.name, text: imageProse(warning) });
    return E.right({ image: path, generation, bytes, pauseMs });
  }

  /**
   * Revives the child of an image under the routes and quota that `entry` gives for its name, or for `as`. The
   * image is used up, unless `as` makes a clone with an identity of its own.
   */
  async revive(
    path: string,
    entry: (name: string) => StartConfig | undefined,
    as?: string,
  ): Promise<Either<HostError, Child>> {
    const { signer, platform } = this.#runtime;
    const read = await readImage(path, this.#files);
    if (E.isLeft(read)) return imageFailed(path, read.left);
    const sealed = openImage(read.right, [signer.publicKey, ...(this.config.trust as readonly PublicKey[])]);
    if (E.isLeft(sealed)) return imageFailed(path, sealed.left);
    const into = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));
    const image = decode(sealed.right, platform, into);
    if (E.isLeft(image)) return imageFailed(path, image.left);
    const [frozen] = image.right.manifest.children;
    const [memory] = image.right.memories;
    const name = as ?? frozen!.name;
    const config = entry(name);
    if (config === undefined) return this.#withoutEntry(name, frozen!.ledger);
    const identity = as === undefined ? frozen!.identity : randomUUID();
    const generation = as === undefined ? frozen!.generation + 1 : 1;
    const made = this.#make(config, frozen!.code, { identity, generation }, as !== undefined);
    if (E.isLeft(made)) return made;
    const child = made.right;
    const acquired = await this.#acquire(path, image.right.manifest.image, child, as === undefined, {
      snapshot: frozen!.ledger,
      memory: memory!,
      registers: frozen!.registers,
    });
    this.#making.delete(name);
    if (E.isLeft(acquired)) {
      await child.release();
      return acquired;
    }
    this.#children.set(name, child);
    child.settled();
    this.#emit({
      event: "revived",
      child: name,
      host: this.config.name,
      image: path,
      generation,
      reopened: acquired.right,
      reviveMs: child.reviveMs,
    });
    if (this.#beforeGo(child) !== "hold") child.go();
    return made;
  }

  /** Uses the image up, unless the child is a clone, and brings the child back. On failure the image is as it was. */
  async #acquire(
    path: string,
    image: string,
    child: Child,
    usesUp: boolean,
    frozen: Parameters<Child["revive"]>[0],
  ): Promise<Either<HostError, RevivedInfo["reopened"]>> {
    const { identity, generation } = child.identity;
    const owner = `${identity} ${generation}`;
    const claimed = usesUp ? await claim(this.#runtime.state, image, owner, this.#files) : E.right(null);
    if (E.isLeft(claimed))
      return claimed.left.tag === "UsedUp"
        ? E.left({ tag: "UsedUp", image: path, child: child.name })
        : imageFailed(path, claimed.left);
    const revived = await child.revive(frozen);
    if (E.isRight(revived)) return revived;
    const withdrawn = (await claimed.right?.withdraw()) ?? E.right(undefined);
    if (E.isLeft(withdrawn))
      this.#emit({ event: "warning", child: child.name, text: imageProse(withdrawn.left) });
    if (revived.left.tag === "Refused") this.#tellDenied(child.name, revived.left.missing);
    return checkpointFailed(revived.left);
  }

  /** Without a start entry nothing is granted: what the image claims is denied, all of it by name. */
  #withoutEntry(child: string, snapshot: unknown): Either<HostError, never> {
    const denied = deniedClaims(snapshot, "no start entry grants it");
    this.#tellDenied(child, denied);
    return E.left({ tag: "NoEntry", child, denied });
  }

  #tellDenied(child: string, missing: readonly Missing[]): void {
    for (const { error } of missing)
      if (error.tag === "Denied") {
        const { service, label } = error;
        this.#emit({ event: "denied", child, service, label, reason: prose(error) });
      }
  }

  /** Drops a child with no farewell. */
  async kill(name: string): Promise<Either<HostError, void>> {
    const child = this.#living(name);
    if (child === null) return E.left({ tag: "NoSuchChild", child: name });
    await child.kill();
    return E.right(undefined);
  }

  /** Drops whoever still lives, and closes the providers. */
  async close(): Promise<void> {
    await Promise.all([...this.#children.values()].map((child) => child.kill()));
    this.#broker.close();
    this.providers.close();
  }
}
