// What an image says about the children in it, apart from their memory. It is hostile input until the codec has
// passed it: unknown fields are refused.
import * as t from "io-ts";
import { closedRecord, constrained, refined } from "./closed-record.ts";
import { integer, natural, sha256, text, uuid } from "./fields.ts";

/** Bytes of a WebAssembly page: memories are multiples of it. */
export const pageBytes = 65536;
/** What 32-bit addresses reach, in bytes. */
export const maxMemoryBytes = 2 ** 32;
/** Children that may be frozen together in one image. */
const maxChildren = 64;

/** As far as a Date reaches. */
const timestamp = integer("a time in ms", 0, 8.64e15);
const address = integer("a 32-bit address", 0, 2 ** 32 - 1);

const memorySize = refined(
  "a multiple of 65536 bytes, at most 4 GiB",
  (input): input is number =>
    typeof input === "number" && input >= pageBytes && input <= maxMemoryBytes && input % pageBytes === 0,
);

/** What executed the child. A revival needs the very same. */
const Platform = closedRecord("platform", {
  /** SHA-256 of the engine's WebAssembly module. */
  engine: sha256,
  /** SHA-256 of the base memory that the child started from. */
  base: sha256,
  wordSize: t.literal(32),
  byteOrder: t.literal("little"),
});

/** Addresses in the child's memory, and its stack pointer, that the engine's instance is set up with. */
const Registers = closedRecord("registers", { stackPointer: address, runtime: address, context: address });

/** The component: where it came from, the hash of its compiled text, and the source map for its errors. */
const Code = closedRecord("code", { file: text(4096), hash: text(128), sourceMap: t.string });

/** What the child held when it was frozen: RAM in bytes, capabilities in pieces. */
const Quota = closedRecord("quota", { ram: natural, caps: natural });

export const ChildManifest = closedRecord("child", {
  name: text(256),
  label: text(1024),
  /** Whose incarnation it is: at most one is alive. */
  identity: uuid,
  /** Revivals so far. */
  generation: natural,
  platform: Platform,
  registers: Registers,
  code: Code,
  quota: Quota,
  /** Size of its linear memory. */
  memoryBytes: memorySize,
  /** The interceptor's record of its sessions: plain data, judged by the codec of the layer above. */
  ledger: t.unknown,
});
export type ChildManifest = t.TypeOf<typeof ChildManifest>;

const Children = constrained(
  `1 to ${maxChildren} children, each with an identity and a label of its own`,
  t.readonlyArray(ChildManifest, "array of children"),
  (children) =>
    children.length >= 1 &&
    children.length <= maxChildren &&
    new Set(children.map(({ identity }) => identity)).size === children.length &&
    new Set(children.map(({ label }) => label)).size === children.length,
);

export const Manifest = closedRecord("manifest", {
  format: t.literal(1),
  /** Of this image: an image is used up by the revival of it. */
  image: uuid,
  /** Wall clock at the freeze, in ms since 1970. */
  created: timestamp,
  /** The host that froze it, as it calls itself. */
  host: text(256),
  children: Children,
});
export type Manifest = t.TypeOf<typeof Manifest>;
