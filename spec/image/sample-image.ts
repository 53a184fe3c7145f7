// A small image with a fixed key, and everything it is made of, for the specs to damage.
import { createPrivateKey } from "node:crypto";
import { encodeImage } from "../../runtime/image/container.ts";
import type { ChildManifest, Manifest } from "../../runtime/image/image.ts";
import { encodeMemory } from "../../runtime/image/memory.ts";
import type { HostPlatform } from "../../runtime/image/open-image.ts";
import { signer, type Signer } from "../../runtime/image/signer.ts";
import { right } from "./either.ts";

/** From a seed of 32 bytes. The prefix is that of PKCS #8 for ed25519, RFC 8410. */
export const signerOf = (seed: Uint8Array): Signer => {
  const der = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]);
  return signer(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
};

/** A signer whose 32-byte seed is this number, 32 times. */
export const signerOfSeed = (seed: number): Signer => signerOf(Buffer.alloc(32, seed));

export const ours = signerOfSeed(1);
export const theirs = signerOfSeed(2);

/** Bytes that look random, do not deflate, and are the same on every machine. */
export const noise = (length: number, seed: number): Uint8Array => {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
};

const engine = "e".repeat(64);
const baseHash = "b".repeat(64);

/** A page of noise and a page of zeros. */
export const base = new Uint8Array(131072);
base.set(noise(65536, 7));

export const platform: HostPlatform = {
  engines: [engine],
  base: (hash) => (hash === baseHash ? base : null),
};

/** The base with a few words changed, a page longer. */
export const changed = (seed: number): Uint8Array => {
  const memory = new Uint8Array(196608);
  memory.set(base);
  memory.set(noise(40, seed), 1000);
  memory.set(noise(40, seed + 1), 140000);
  return memory;
};

export const child = (name: string, fields: Partial<ChildManifest> = {}): ChildManifest => ({
  name,
  label: `init -> ${name}`,
  identity: `00000000-0000-4000-8000-${Buffer.from(name).toString("hex").padStart(12, "0").slice(-12)}`,
  generation: 3,
  platform: { engine, base: baseHash, wordSize: 32, byteOrder: "little" },
  registers: { stackPointer: 65536, runtime: 4096, context: 8192 },
  code: { file: "components/counter.ts", hash: "c".repeat(64), sourceMap: '{"version":3}' },
  quota: { ram: 8388608, caps: 100 },
  memoryBytes: 196608,
  ledger: { sessions: [{ id: 1, service: "LOG", label: "log" }], files: { "10": 2, "9": -0.5, b: null } },
  ...fields,
});

export const manifest: Manifest = {
  format: 1,
  image: "00000000-0000-4000-8000-000000000000",
  created: 1_700_000_000_000,
  host: "here",
  children: [child("one"), child("two")],
};

export const memories = [changed(11), changed(22)] as const;

/** Two children, each by what differs from the base. */
export const sampleImage = (by: Signer = ours): Uint8Array =>
  right(encodeImage(manifest, [encodeMemory(memories[0], base), encodeMemory(memories[1], base)], by));
