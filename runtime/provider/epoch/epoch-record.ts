// One record of epochs, as it lies in a file: which incarnation of an identity holds the place.
//
//   offset  bytes
//        0     16  identity, a UUID
//       16      8  epoch, little-endian
//       24     16  run of the host that the incarnation lives in
//       40     16  that host's name in UTF-8, cut, then zeros
//       56      4  CRC-32 of bytes 0 to 56, little-endian
//       60      4  zeros
import { crc32 } from "../../crc32.ts";
import type { Holder } from "./incarnation.ts";

export const RECORD_BYTES = 64;

const HOST_AT = 40;
const CRC_AT = 56;

export const identityBytes = (identity: string): Buffer => Buffer.from(identity.replaceAll("-", ""), "hex");

export const encodeRecord = (identity: string, { epoch, run, host }: Holder): Buffer => {
  const bytes = Buffer.alloc(RECORD_BYTES);
  identityBytes(identity).copy(bytes, 0, 0, 16);
  bytes.writeBigUInt64LE(BigInt(epoch), 16);
  Buffer.from(run, "hex").copy(bytes, 24, 0, 16);
  // `write` puts down whole characters only.
  bytes.write(host, HOST_AT, CRC_AT - HOST_AT, "utf8");
  bytes.writeUInt32LE(crc32(bytes.subarray(0, CRC_AT), 0), CRC_AT);
  return bytes;
};

/** Null where it is damaged, or not wholly written. */
export const decodeRecord = (bytes: Buffer): Holder | null => {
  if (bytes.readUInt32LE(CRC_AT) !== crc32(bytes.subarray(0, CRC_AT), 0)) return null;
  return {
    epoch: Number(bytes.readBigUInt64LE(16)),
    run: bytes.toString("hex", 24, 40),
    host: bytes.toString("utf8", HOST_AT, CRC_AT).replace(/\0+$/, ""),
  };
};
