// What the golden image of format 1 holds, spelled out in full: it must decode for ever, so nothing here changes,
// and nothing is borrowed from what may.
import type { Manifest } from "../../runtime/image/image.ts";

export const goldenPath = new URL("../../../spec/golden/image-v1.cryo", import.meta.url);
export const goldenSeed = 0x5a;
export const goldenKey = "ed25519:DXVQdU4IAKXSN-71gmA1dmubPloVhoqUCrKJlYeI47A";

/** Bytes that do not deflate. */
const noise = (length: number): Uint8Array => {
  let state = 12345;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
};

const page = 65536;

export const goldenEngine = "1".repeat(64);
export const goldenBaseHash = "2".repeat(64);
export const goldenBase = new Uint8Array(2 * page);
goldenBase.set(noise(page));

const counter = new Uint8Array(3 * page);
counter.set(goldenBase);
counter.set(Buffer.from("changed"), 100);
counter.set(Buffer.from("beyond the base"), 2 * page + 100);

/** A chunk that is as in the base, and one that does not deflate. */
const noisy = new Uint8Array(2 ** 20 + page);
noisy.set(goldenBase);
noisy.set(noise(page), 2 ** 20);

/** Stands alone. */
const alone = new Uint8Array(page);
alone.set(Buffer.from("no base needed"), 5);

export const goldenMemories = [counter, noisy, alone] as const;

const child = (n: number, name: string, memoryBytes: number): Manifest["children"][number] => ({
  name,
  label: `init -> ${name}`,
  identity: `00000000-0000-4000-8000-00000000000${n}`,
  generation: n,
  platform: { engine: goldenEngine, base: goldenBaseHash, wordSize: 32, byteOrder: "little" },
  registers: { stackPointer: 65536, runtime: 70000, context: 2 ** 32 - 1 },
  code: { file: `components/${name}.ts`, hash: "3".repeat(64), sourceMap: '{"version":3,"mappings":""}' },
  quota: { ram: 8388608, caps: 100 },
  memoryBytes,
  ledger: {
    nothing: null,
    truth: [true, false],
    numbers: [0, -0, 23, 24, 256, 65536, -1, -25, 2 ** 32 - 1, 2 ** 32, 0.1, NaN, Infinity, -(2 ** 53)],
    text: "ä漢🧊",
    bytes: Uint8Array.of(0, 255),
    "10": "a key that is a number",
  },
});

export const goldenManifest: Manifest = {
  format: 1,
  image: "00000000-0000-4000-8000-000000000000",
  created: 1_700_000_000_000,
  host: "golden",
  children: [
    child(1, "counter", counter.length),
    child(2, "noisy", noisy.length),
    child(3, "alone", alone.length),
  ],
};
