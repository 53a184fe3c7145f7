// The image of children that stand still: what the manifest says of each, and where it is written.
import { randomUUID } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import { encodeImage } from "../image/container.ts";
import type { ChildManifest } from "../image/image.ts";
import { imageProse } from "../image/image-error.ts";
import { encodeMemory } from "../image/memory.ts";
import { writeImage } from "../image/write-image.ts";
import type { FilePower } from "../image/file-power.ts";
import type { FrozenChild } from "../shard/protocol.ts";
import type { Child } from "./child.ts";
import type { HostEvent } from "./event.ts";
import type { Frozen } from "./frozen.ts";
import type { HostError } from "./host-error.ts";
import type { Runtime } from "./runtime.ts";

/** A child that was captured and stands still. */
export interface Standing {
  readonly child: Child;
  readonly frozen: FrozenChild;
  /** Chunks of its memory that differ from an earlier state, where that was known. */
  readonly changed: readonly number[] | null;
  /** Until the last one of its cut had been captured. */
  readonly pauseMs: number;
}

export interface ImageSurroundings {
  /** The host's name. */
  readonly host: string;
  readonly runtime: Runtime;
  readonly files: FilePower;
  readonly emit: (event: HostEvent) => void;
}

/** What an image says of it, beside its memory. */
export const manifestOf = (
  { child, frozen }: Pick<Standing, "child" | "frozen">,
  { engine }: Runtime,
): ChildManifest => ({
  name: child.name,
  label: child.spec.label,
  ...child.identity,
  platform: { engine: engine.hash, base: child.base.hash, wordSize: 32, byteOrder: "little" },
  registers: frozen.registers,
  code: child.code,
  quota: frozen.snapshot.ledger.quota,
  memoryBytes: frozen.memory.length,
  ledger: frozen.snapshot,
});

/** Writes one image of all of them. On failure what stood at `path` stands there still. */
export const writeChildren = async (
  standing: readonly Standing[],
  path: string,
  { host, runtime, files, emit }: ImageSurroundings,
): Promise<Either<HostError, readonly Frozen[]>> => {
  const image = {
    format: 1 as const,
    image: randomUUID(),
    created: Date.now(),
    host,
    children: standing.map((each) => manifestOf(each, runtime)),
  };
  const memories = standing.map(({ child, frozen }) => encodeMemory(frozen.memory, child.base.memory));
  const encoded = encodeImage(image, memories, runtime.signer);
  if (E.isLeft(encoded)) return E.left({ tag: "Image", path, error: encoded.left });
  const written = await writeImage(path, encoded.right, files);
  if (E.isLeft(written)) return E.left({ tag: "Image", path, error: written.left });
  const { bytes, warning } = written.right;
  if (warning !== null)
    for (const { child } of standing)
      emit({ event: "warning", child: child.name, text: imageProse(warning) });
  return E.right(
    standing.map(({ child, pauseMs }) => ({
      child: child.name,
      image: path,
      generation: child.identity.generation,
      bytes,
      pauseMs,
    })),
  );
};
