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

/** What goes before header and body, which has so many bytes. */
export const frameHead = (header: Uint8Array, body = 0): Uint8Array => {
  if (header.length === 0 || header.length > MOST_HEADER_BYTES || body > MOST_BODY_BYTES)
    throw new RangeError(`a frame of ${header.length} and ${body} bytes`);
  const head = Buffer.allocUnsafe(LENGTH_BYTES + header.length);
  head.writeUInt32LE(header.length, 0);
  head.writeUInt32LE(body, 4);
  head.set(header, LENGTH_BYTES);
  return head;
};

/** Cuts what arrives into frames. It holds no more than one frame. */
export class FrameCutter {
  readonly #room: (bytes: number, header: number) => Buffer;
  readonly #lengths = Buffer.alloc(LENGTH_BYTES);
  /** What the frame is put together in, once its lengths are known. */
  #frame: Buffer | null = null;
  #header = 0;
  /** Bytes of it that have come, lengths included. */
  #come = 0;
  #over: Oversized | null = null;

  /** `room`: where a frame is put together, of which so many bytes are its header. Default: a buffer of its own. */
  constructor(room: (bytes: number, header: number) => Buffer = (bytes) => Buffer.allocUnsafeSlow(bytes)) {
    this.#room = room;
  }

  /** Whether it stands between two frames. */
  get isBetween(): boolean {
    return this.#come === 0;
  }

  /** Takes up what arrived, and answers the frames that it completes; after an `Oversized` there are no more. */
  push(arrived: Buffer): readonly RawFrame[] | Oversized {
    const frames: RawFrame[] = [];
    for (let at = 0; at < arrived.length;) {
      if (this.#over !== null) return this.#over;
      if (this.#frame === null) {
        const some = Math.min(LENGTH_BYTES - this.#come, arrived.length - at);
        arrived.copy(this.#lengths, this.#come, at, at + some);
        this.#come += some;
        at += some;
        if (this.#come === LENGTH_BYTES) this.#begin();
        continue;
      }
      const from = this.#come - LENGTH_BYTES;
      const some = Math.min(this.#frame.length - from, arrived.length - at);
      arrived.copy(this.#frame, from, at, at + some);
      this.#come += some;
      at += some;
      if (from + some < this.#frame.length) continue;
      frames.push({
        header: this.#frame.subarray(0, this.#header),
        body: this.#frame.subarray(this.#header),
      });
      this.#frame = null;
      this.#come = 0;
    }
    return this.#over ?? frames;
  }

  #begin(): void {
    const header = this.#lengths.readUInt32LE(0);
    const body = this.#lengths.readUInt32LE(4);
    if (header === 0 || header > MOST_HEADER_BYTES || body > MOST_BODY_BYTES) {
      this.#over = { tag: "Oversized", header, body };
      return;
    }
    this.#header = header;
    this.#frame = this.#room(header + body, header);
  }
}
