// Freezes and checkpoints children of a host, one or several in one consistent cut: stops them all, takes down what
// they are, and writes one image. Nobody is released before that image is in place.
import { E, type Either } from "../../lib/fp.ts";
import type { CheckpointError } from "../checkpoint/checkpoint-error.ts";
import type { FrozenChild, Look } from "../shard/protocol.ts";
import type { Child } from "./child.ts";
import type { Children } from "./children.ts";
import type { Frozen } from "./frozen.ts";
import { writeChildren, type ImageSurroundings, type Standing } from "./frozen-image.ts";
import { togetherFailed, type Failure, type HostError } from "./host-error.ts";
import { Rendezvous } from "./rendezvous.ts";
import { Staging } from "./staging.ts";

/** How long calls that must complete are waited for at a freeze, in ms, unless said otherwise. */
export const FREEZE_DEADLINE_MS = 5000;

export interface FreezeOptions {
  /** The image's path. */
  readonly image: string;
  /** In ms; default `FREEZE_DEADLINE_MS`. */
  readonly deadline?: number;
}

export interface StopOptions {
  /** In ms; default `FREEZE_DEADLINE_MS`. */
  readonly deadline?: number;
  /** Buffers that hold earlier states of their memories, by name: only what differs is written there, in chunks of
   *  `step` bytes. They are the caller's; without one, a buffer is made. */
  readonly since?: ReadonlyMap<string, { readonly buffer: SharedArrayBuffer; readonly look: Look }>;
}

export interface FreezerOptions extends ImageSurroundings {
  readonly children: Pick<Children, "living">;
  /** Why the host lets nothing leave its children just now; null where it does. */
  readonly held: () => string | null;
}

export class Freezer {
  readonly #options: FreezerOptions;
  readonly #staging = new Staging();

  constructor(options: FreezerOptions) {
    this.#options = options;
  }

  /** Freezes children: the image holds all of them, and they are no longer here. On failure all of them run on. */
  async freeze(
    names: readonly string[],
    options: FreezeOptions,
  ): Promise<Either<HostError, readonly Frozen[]>> {
    const captured = await this.#capture(names, options);
    if (E.isLeft(captured)) return captured;
    const standing = captured.right;
    const written = await this.#write(standing, options.image);
    if (E.isLeft(written)) {
      for (const { child } of standing) child.resume();
      return written;
    }
    await Promise.all(standing.map(({ child }) => child.release()));
    for (const frozen of written.right) this.#options.emit({ event: "frozen", ...frozen });
    return written;
  }

  /** Writes an image of children while they go on running. */
  async checkpoint(
    names: readonly string[],
    options: FreezeOptions,
  ): Promise<Either<HostError, readonly Frozen[]>> {
    const captured = await this.#capture(names, options);
    if (E.isLeft(captured)) return captured;
    for (const { child } of captured.right) child.resume();
    const written = await this.#write(captured.right, options.image);
    if (E.isRight(written))
      for (const frozen of written.right) this.#options.emit({ event: "checkpointed", ...frozen });
    return written;
  }

  async #capture(
    names: readonly string[],
    { deadline }: FreezeOptions,
  ): Promise<Either<HostError, readonly Standing[]>> {
    return this.stop(names, deadline === undefined ? {} : { deadline });
  }

  /** One cut: all stand still before the first is taken down. On failure all of them run on; on success they stand
   *  until each is resumed or released. */
  async stop(
    names: readonly string[],
    { deadline = FREEZE_DEADLINE_MS, since }: StopOptions,
  ): Promise<Either<HostError, readonly Standing[]>> {
    const children: Child[] = [];
    const unready: Failure[] = [];
    for (const name of names) {
      const child = this.#options.children.living(name);
      if (child === null) unready.push({ child: name, error: { tag: "NoSuchChild", child: name } });
      else if (child.unready !== null)
        unready.push({ child: name, error: { tag: "Checkpoint", error: child.unready } });
      else children.push(child);
    }
    if (unready.length > 0) return togetherFailed(names.length, unready);
    const rendezvous = new Rendezvous(children.length);
    const together = children.length === 1 ? undefined : () => rendezvous.arrive();
    const all = await Promise.all(
      children.map(async (child) => {
        const seen = since?.get(child.name);
        const staging = since === undefined ? this.#staging.take(child.name) : seen?.buffer;
        const captured = await child.capture(deadline, staging ?? null, together, seen?.look);
        if (E.isLeft(captured)) rendezvous.fail();
        return { child, captured, at: performance.now() };
      }),
    );
    const last = Math.max(...all.map(({ at }) => at));
    const standing: Standing[] = [];
    const failures: Failure[] = [];
    for (const { child, captured, at } of all)
      if (E.isRight(captured)) {
        const { pauseMs, changed, ...frozen } = captured.right;
        standing.push({ child, frozen, changed, pauseMs: pauseMs + (last - at) });
      } else if (captured.left.tag !== "Step" || captured.left.step !== "together")
        failures.push({ child: child.name, error: { tag: "Checkpoint", error: this.#told(captured.left) } });
    if (standing.length === children.length) return E.right(standing);
    for (const { child, frozen } of standing) {
      child.resume();
      if (since === undefined) this.#giveBack(child, frozen);
    }
    return togetherFailed(names.length, failures);
  }

  #told(error: CheckpointError): CheckpointError {
    if (error.tag !== "Deadline") return error;
    const held = this.#options.held();
    return held === null ? error : { ...error, held };
  }

  async #write(standing: readonly Standing[], path: string): Promise<Either<HostError, readonly Frozen[]>> {
    const written = await writeChildren(standing, path, this.#options);
    for (const { child, frozen } of standing) this.#giveBack(child, frozen);
    return written;
  }

  #giveBack(child: Child, { memory }: FrozenChild): void {
    this.#staging.give(child.name, memory.buffer as SharedArrayBuffer);
  }
}
