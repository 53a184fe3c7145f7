// Freezes and checkpoints the children of a host: captures them, and writes what was captured into an image.
import { randomUUID } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import { encodeImage } from "../image/container.ts";
import type { FilePower } from "../image/file-power.ts";
import type { ChildManifest } from "../image/image.ts";
import { imageProse } from "../image/image-error.ts";
import { encodeMemory } from "../image/memory.ts";
import { writeImage } from "../image/write-image.ts";
import type { FrozenChild } from "../shard/protocol.ts";
import type { Child } from "./child.ts";
import type { Children } from "./children.ts";
import type { HostEvent } from "./event.ts";
import type { Frozen } from "./frozen.ts";
import type { HostError } from "./host-error.ts";
import type { Runtime } from "./runtime.ts";

/** How long calls that must complete are waited for at a freeze, in ms, unless said otherwise. */
export const FREEZE_DEADLINE_MS = 5000;

export interface FreezeOptions {
  /** The image's path. */
  readonly image: string;
  /** In ms; default `FREEZE_DEADLINE_MS`. */
  readonly deadline?: number;
}

export interface FreezerOptions {
  /** The host's name. */
  readonly host: string;
  readonly runtime: Runtime;
  readonly children: Children;
  readonly files: FilePower;
  readonly emit: (event: HostEvent) => void;
}

export class Freezer {
  readonly #options: FreezerOptions;
  #staging: SharedArrayBuffer | null = null;

  constructor(options: FreezerOptions) {
    this.#options = options;
  }

  /** Freezes a child: the image holds all of it, and the child is no longer here. On failure it runs on. */
  async freeze(name: string, options: FreezeOptions): Promise<Either<HostError, Frozen>> {
    const { children, emit } = this.#options;
    const child = children.living(name);
    if (child === null) return E.left({ tag: "NoSuchChild", child: name });
    const captured = await child.capture(options.deadline ?? FREEZE_DEADLINE_MS, this.#takeStaging());
    if (E.isLeft(captured)) return E.left({ tag: "Checkpoint", error: captured.left });
    const written = await this.#write(child, captured.right, options.image);
    this.#staging = captured.right.memory.buffer as SharedArrayBuffer;
    if (E.isLeft(written)) {
      child.resume();
      return written;
    }
    await child.release();
    emit({ event: "frozen", child: name, ...written.right });
    return written;
  }

  /** Writes an image of a child while it goes on running. */
  async checkpoint(name: string, options: FreezeOptions): Promise<Either<HostError, Frozen>> {
    const { children, emit } = this.#options;
    const child = children.living(name);
    if (child === null) return E.left({ tag: "NoSuchChild", child: name });
    const captured = await child.capture(options.deadline ?? FREEZE_DEADLINE_MS, this.#takeStaging());
    if (E.isLeft(captured)) return E.left({ tag: "Checkpoint", error: captured.left });
    child.resume();
    const written = await this.#write(child, captured.right, options.image);
    this.#staging = captured.right.memory.buffer as SharedArrayBuffer;
    if (E.isRight(written)) emit({ event: "checkpointed", child: name, ...written.right });
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
    const { host, files, emit } = this.#options;
    const { engine, base, signer } = this.#options.runtime;
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
      host,
      children: [manifest],
    };
    const encoded = encodeImage(image, [encodeMemory(memory, base.memory)], signer);
    if (E.isLeft(encoded)) return E.left({ tag: "Image", path, error: encoded.left });
    const written = await writeImage(path, encoded.right, files);
    if (E.isLeft(written)) return E.left({ tag: "Image", path, error: written.left });
    const { bytes, warning } = written.right;
    if (warning !== null) emit({ event: "warning", child: child.name, text: imageProse(warning) });
    return E.right({ image: path, generation, bytes, pauseMs });
  }
}
