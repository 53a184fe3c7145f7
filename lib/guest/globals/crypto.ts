// The entropy part of WebCrypto. What it draws is never the same in two incarnations.
import { host } from "../host.ts";

const MOST_BYTES = 65536;

const integers = new Set(
  "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array".split(
    " ",
  ),
);

const draw = (bytes: number): Uint8Array => host.entropy(new Uint8Array(bytes));

const getRandomValues = <T extends ArrayBufferView>(into: T): T => {
  const name = (into as { readonly [Symbol.toStringTag]?: string } | null)?.[Symbol.toStringTag];
  if (!ArrayBuffer.isView(into) || !integers.has(name ?? ""))
    throw new DOMException("getRandomValues fills an array of integers only", "TypeMismatchError");
  const { byteLength, byteOffset, buffer } = into;
  if (byteLength > MOST_BYTES)
    throw new DOMException(`${byteLength} bytes wanted, at most ${MOST_BYTES} at once`, "QuotaExceededError");
  new Uint8Array(buffer, byteOffset, byteLength).set(draw(byteLength));
  return into;
};

const randomUUID = (): string => {
  const bytes = draw(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = (bytes as Uint8Array & { toHex(): string }).toHex();
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

export const crypto = { getRandomValues, randomUUID };
