// From the bytes of an image back to the image: authenticate, parse, and only when the platform is known to suit,
// decode the memories.
import { E, pipe, type Either } from "../../lib/fp.ts";
import { authenticate, type AuthenticImage } from "./authenticate.ts";
import { decode as decodeCbor } from "./cbor-reader.ts";
import { cutChunks } from "./chunk-index.ts";
import { decodeClosed } from "./closed-record.ts";
import type { Image } from "./image.ts";
import type { ImageError } from "./image-error.ts";
import { Manifest, maxMemoryBytes, type ChildManifest } from "./manifest.ts";
import { decodeMemory, type EncodedMemory } from "./memory.ts";
import type { Trust } from "./public-key.ts";

/** An image that was authenticated and parsed; its memories are views on the file's bytes, still encoded. */
export interface SealedImage {
  readonly manifest: Manifest;
  /** `memories[i]` is that of `manifest.children[i]`. */
  readonly memories: readonly EncodedMemory[];
  readonly authentic: AuthenticImage;
}

/** Bounds of what an image may make us allocate, in bytes. */
export interface ImageLimits {
  /** Of the manifest as it is stored. Default: 64 MiB. */
  readonly manifestBytes: number;
  /** Of the chunk index. Default: 16 MiB, which is enough for 64 full memories. */
  readonly indexBytes: number;
  /** Of all memories together. Default: 4 GiB. */
  readonly memoryBytes: number;
}

export const imageLimits: ImageLimits = {
  manifestBytes: 64 * 2 ** 20,
  indexBytes: 16 * 2 ** 20,
  memoryBytes: maxMemoryBytes,
};

/** What a host can execute children with. */
export interface HostPlatform {
  /** SHA-256 of each engine, in hexadecimal. */
  readonly engines: readonly string[];
  /** The base memory with this SHA-256, or `null`. It must be the bytes that the hash names. */
  readonly base: (hash: string) => Uint8Array | null;
}

const within = (what: string, size: number, limit: number): Either<ImageError, null> =>
  size <= limit ? E.right(null) : E.left({ tag: "TooLarge", what, size, limit });

/** Reads manifest and index. Memory sizes are bounded here; nothing of such a size is allocated yet. */
const parse = (
  authentic: AuthenticImage,
  limits: ImageLimits = imageLimits,
): Either<ImageError, SealedImage> =>
  pipe(
    within("manifest", authentic.manifest.length, limits.manifestBytes),
    E.flatMap(() => within("index", authentic.index.length, limits.indexBytes)),
    E.flatMap(() => decodeCbor(authentic.manifest, "manifest")),
    E.flatMap((value) => decodeClosed(Manifest, value, "manifest")),
    E.tap(({ children }) => {
      const total = children.reduce((sum, child) => sum + child.memoryBytes, 0);
      return within("memories", total, limits.memoryBytes);
    }),
    E.flatMap((manifest) =>
      pipe(
        cutChunks(manifest, authentic.index, authentic.chunks),
        E.map((memories) => ({ manifest, memories, authentic })),
      ),
    ),
  );

/** Authenticates first, and only then parses. */
export const openImage = (
  bytes: Uint8Array,
  trust: Trust,
  limits: ImageLimits = imageLimits,
): Either<ImageError, SealedImage> =>
  pipe(
    authenticate(bytes, trust),
    E.flatMap((authentic) => parse(authentic, limits)),
  );

/** Whether the host has the engine, and the base if one is needed, that a child was frozen under. */
const suits = (child: ChildManifest, memory: EncodedMemory, platform: HostPlatform): ImageError | null => {
  const { engine, base } = child.platform;
  if (!platform.engines.includes(engine))
    return { tag: "WrongEngine", child: child.label, wanted: engine, available: platform.engines };
  if (!memory.whole && platform.base(base) === null)
    return { tag: "WrongBase", child: child.label, wanted: base };
  return null;
};

/** The first child that this platform cannot execute, and why; `null` when it can execute all of them. */
const unsuitable = (sealed: SealedImage, platform: HostPlatform): ImageError | null => {
  for (const [index, child] of sealed.manifest.children.entries()) {
    const memory = sealed.memories[index];
    const error = memory === undefined ? null : suits(child, memory, platform);
    if (error !== null) return error;
  }
  return null;
};

/**
 * The image in memory. The platform is checked for every child before the first memory is allocated. `into` says
 * where the memory of child `index` goes (default: fresh bytes); after an error what is there means nothing.
 */
export const decode = (
  sealed: SealedImage,
  platform: HostPlatform,
  into: (bytes: number, index: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
): Either<ImageError, Image> => {
  const error = unsuitable(sealed, platform);
  if (error !== null) return E.left(error);
  const { manifest } = sealed;
  return pipe(
    sealed.memories,
    E.traverseArrayWithIndex((index, memory) => {
      const child = manifest.children[index];
      return decodeMemory(memory, platform.base(child?.platform.base ?? ""), {
        into: (bytes) => into(bytes, index),
        place: `memory of ${child?.label}`,
      });
    }),
    E.map((memories) => ({ manifest, memories })),
  );
};

/** Checks an image to the last byte of every memory, keeping one decoded memory at a time. */
export const verifyImage = (
  bytes: Uint8Array,
  trust: Trust,
  platform: HostPlatform,
  limits: ImageLimits = imageLimits,
): Either<ImageError, SealedImage> => {
  let scratch = new Uint8Array();
  const reused = (size: number): Uint8Array => {
    if (scratch.length < size) scratch = new Uint8Array(size);
    return scratch.subarray(0, size);
  };
  return pipe(
    openImage(bytes, trust, limits),
    E.tap((sealed) => decode(sealed, platform, reused)),
  );
};
