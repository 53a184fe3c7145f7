// Raw deflate for what the store keeps: small pieces, so with a small window, and bounded on the way back.
import { deflateRaw, deflateRawSync, inflateRawSync, type ZlibOptions } from "node:zlib";

/** Pieces of more bytes are deflated by another thread. */
const ELSEWHERE = 8192;
/** More than that is worth the lower level's speed, unless there is time. */
const DENSE = 16384;

/** What is shorter stays as it is: there is nothing to gain. */
const SHORT = 32;
/** Nor is there in what will soon be replaced, and takes longer to inflate, when its child is waited for, than it saves:
 *  a checkpoint of one that runs is made of a hundred such pieces. */
const SHORT_LIVED = 512;

/** A byte in so many is looked at, of what has more than so many, to see whether there is any point in deflating. */
const SAMPLE = 512;

/** Whether the bytes look like those of noise, or of what was deflated before: each one about as often. Of 512 such
 *  bytes some 220 different ones are met; of what is worth deflating, far fewer. */
const looksRandom = (bytes: Uint8Array): boolean => {
  if (bytes.length < 2 * SAMPLE) return false;
  const met = new Uint8Array(256);
  const stride = Math.floor(bytes.length / SAMPLE);
  let different = 0;
  for (let i = 0; i < SAMPLE; i++) {
    const byte = bytes[i * stride]!;
    different += 1 - met[byte]!;
    met[byte] = 1;
  }
  return different > 190;
};

/** An array with a buffer of its own, or `null` where deflating saves less than an eighth. */
export const deflated = async (
  bytes: Uint8Array,
  leisurely: boolean,
  dictionary?: Uint8Array,
): Promise<Uint8Array | null> => {
  if (bytes.length < (leisurely ? SHORT : SHORT_LIVED)) return null;
  if (!leisurely && dictionary === undefined && looksRandom(bytes)) return null;
  const options: ZlibOptions = {
    level: leisurely ? 9 : bytes.length > DENSE ? 1 : 6,
    memLevel: 9,
    ...(dictionary === undefined ? {} : { dictionary }),
  };
  const smaller =
    bytes.length < ELSEWHERE
      ? deflateRawSync(bytes, options)
      : await new Promise<Buffer>((resolve, reject) => {
          deflateRaw(bytes, options, (error, result) => {
            if (error === null) resolve(result);
            else reject(error);
          });
        });
  return smaller.length < bytes.length - (bytes.length >> 3) ? new Uint8Array(smaller) : null;
};

/** Exactly `length` bytes, or `null` where that is not what the stream holds; never more is allocated. */
export const inflated = (bytes: Uint8Array, length: number, dictionary?: Uint8Array): Uint8Array | null => {
  try {
    const content = inflateRawSync(bytes, {
      maxOutputLength: Math.max(length, 1),
      chunkSize: Math.max(length, 64),
      ...(dictionary === undefined ? {} : { dictionary }),
    });
    return content.length === length ? content : null;
  } catch {
    return null;
  }
};
