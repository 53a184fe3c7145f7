// Frames of the command channel. All numbers are little-endian; a frame beyond the bounds ends the channel.
//
//   offset  bytes
//        0      4  H, length of the header, 1 to 65536
//        4      4  B, length of the body, 0 to 1048576
//        8      H  header: canonical CBOR, message.ts
//      8+H      B  body: what the header's kind says

/** In bytes. */
export const MOST_HEADER_BYTES = 1 << 16;
export const MOST_BODY_BYTES = 1 << 20;
const LENGTH_BYTES = 8;

export interface RawFrame {
  readonly header: Uint8Array;
  /** A view on what was received; copy what is kept. */
  readonly body: Uint8Array;
}

/** The lengths are beyond the bounds. */
export interface Oversized {
  readonly tag: "Oversized";
  readonly header: number;
  readonly body: number;
}

const NOTHING = new Uint8Array();

/** What goes before header and body. */
export const frameHead = (header: Uint8Array, body: Uint8Array = NOTHING): Uint8Array => {
  if (header.length === 0 || header.length > MOST_HEADER_BYTES || body.length > MOST_BODY_BYTES)
    throw new RangeError(`a frame of ${header.length} and ${body.length} bytes`);
  const head = Buffer.allocUnsafe(LENGTH_BYTES + header.length);
  head.writeUInt32LE(header.length, 0);
  head.writeUInt32LE(body.length, 4);
  head.set(header, LENGTH_BYTES);
  return head;
};

/** Cuts what arrives into frames. It holds no more than one frame and one arrival. */
export class FrameCutter {
  #parts: Buffer[] = [];
  #length = 0;
  #wanted = LENGTH_BYTES;
  #over: Oversized | null = null;

  /** Whether it stands between two frames. */
  get isBetween(): boolean {
    return this.#length === 0;
  }

  /** Takes up what arrived, and answers the frames that it completes; after an `Oversized` there are no more. */
  push(arrived: Buffer): readonly RawFrame[] | Oversized {
    if (this.#over !== null) return this.#over;
    this.#parts.push(arrived);
    this.#length += arrived.length;
    const frames: RawFrame[] = [];
    while (this.#length >= this.#wanted) {
      const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
      this.#parts = [all];
      const header = all.readUInt32LE(0);
      const body = all.readUInt32LE(4);
      if (header === 0 || header > MOST_HEADER_BYTES || body > MOST_BODY_BYTES) {
        this.#parts = [];
        this.#over = { tag: "Oversized", header, body };
        return this.#over;
      }
      this.#wanted = LENGTH_BYTES + header + body;
      if (this.#length < this.#wanted) break;
      const at = LENGTH_BYTES + header;
      frames.push({ header: all.subarray(LENGTH_BYTES, at), body: all.subarray(at, this.#wanted) });
      const rest = all.subarray(this.#wanted);
      this.#parts = rest.length === 0 ? [] : [rest];
      this.#length = rest.length;
      this.#wanted = LENGTH_BYTES;
    }
    return frames;
  }
}
