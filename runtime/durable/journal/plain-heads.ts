// The first bytes of the CBOR that entries of numbers consist of, as `plain-entry.ts` writes and `plain-reader.ts` reads
// them (RFC 8949, section 3).

/** An array of so few that their number stands in it. */
export const ARRAY = 0x80;
/** Of a negative number; the other bits are as for a natural one. */
export const NEGATIVE = 0x20;
/** Of a natural number in the next 1, 2 or 4 bytes; a smaller one than the first of these is its own head. */
export const UINT8 = 0x18;
export const UINT16 = 0x19;
export const UINT32 = 0x1a;
export const FLOAT64 = 0xfb;
export const NULL = 0xf6;
/** A map with one key, `place`, up to its value. */
export const PLACE = Buffer.from([0xa1, 0x65, ...Buffer.from("place")]);
