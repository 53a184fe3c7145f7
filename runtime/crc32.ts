// CRC-32 as zlib has it, for records and digests that must tell damage or difference, not malice.
import * as zlib from "node:zlib";

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

const byTable = (bytes: Uint8Array, seed: number): number => {
  let crc = ~seed;
  for (let at = 0; at < bytes.length; at++) crc = TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
};

/** Node has its own from 20.15 and 22.2 on. */
const native: (bytes: Uint8Array, seed: number) => number =
  (zlib as { crc32?: (bytes: Uint8Array, seed: number) => number }).crc32 ?? byTable;

/** The call of Node's takes longer than so many bytes by the table. */
const FEW_BYTES = 64;

/** Of `bytes`, going on from `seed`. */
export const crc32 = (bytes: Uint8Array, seed: number): number =>
  bytes.length <= FEW_BYTES ? byTable(bytes, seed) : native(bytes, seed);
