// How a stream of bytes is cut into messages, and messages become bytes. However the stream arrives in pieces,
// the messages are the same; `raw` alone keeps no borders.
//
//   line     UTF-8 text, LF        messages are text; CR LF ends a line as well
//   length   u32 big-endian, bytes messages are bytes
//   raw      bytes                 messages are bytes, as much as is there

import { isUtf8 } from "node:buffer";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { ByteBuffer } from "./byte-buffer.ts";
import type { Message } from "./gate-provider.ts";
import { messageTooLarge, roomFor } from "./message-room.ts";

export type Framing = "line" | "length" | "raw";

export interface Framer {
  /** Bytes that are in no message yet. */
  readonly buffered: number;
  push(chunk: Uint8Array): void;
  /** The next message; null when more bytes are needed. After an error, that error for ever. */
  next(): Either<SessionError, Message | null>;
  /** A copy of what is buffered. */
  partial(): Uint8Array;
  /** The bytes for a message, fresh ones. Text goes as UTF-8; `line` takes bytes that are text. */
  encode(message: Message): Either<SessionError, Uint8Array>;
}

/** `gate` names it in errors; `limit`: bytes of one message, `TooLarge` beyond, as soon as it shows. */
export const framerFor = (framing: Framing, gate: string, limit: number): Framer =>
  framing === "line"
    ? new LineFramer(gate, limit)
    : framing === "length"
      ? new LengthFramer(gate, limit)
      : new RawFramer(gate, limit);

const lineFeed = 10;
const carriageReturn = 13;
const more: Either<SessionError, null> = E.right(null);

abstract class BufferedFramer implements Framer {
  protected readonly gate: string;
  protected readonly limit: number;
  protected readonly buffer = new ByteBuffer();

  constructor(gate: string, limit: number) {
    this.gate = gate;
    this.limit = limit;
  }

  get buffered(): number {
    return this.buffer.length;
  }

  push(chunk: Uint8Array): void {
    this.buffer.push(chunk);
  }

  partial(): Uint8Array {
    return this.buffer.view.slice();
  }

  abstract next(): Either<SessionError, Message | null>;
  abstract encode(message: Message): Either<SessionError, Uint8Array>;

  protected tooLarge(bytes: number): Either<SessionError, never> {
    return E.left(messageTooLarge(this.gate, bytes, this.limit));
  }

  /** The message as bytes in a fresh buffer, `head` bytes left free before and `tail` after it. */
  protected room(message: Message, head: number, tail: number): Either<SessionError, Buffer> {
    return roomFor(this.gate, this.limit, message, head, tail);
  }
}

class LineFramer extends BufferedFramer {
  /** So many bytes at the front are known to hold no line end. */
  #searched = 0;
  #broken: Either<SessionError, never> | null = null;

  next(): Either<SessionError, Message | null> {
    if (this.#broken !== null) return this.#broken;
    const end = this.buffer.indexOf(lineFeed, this.#searched);
    const view = this.buffer.view;
    const seen = end === -1 ? view.byteLength : end;
    const length = seen > 0 && view[seen - 1] === carriageReturn ? seen - 1 : seen;
    // A CR at the end of what has come may belong to the line end. The true length is not known yet.
    if (length > this.limit) return (this.#broken = this.tooLarge(this.limit + 1));
    if (end === -1) {
      this.#searched = seen;
      return more;
    }
    this.#searched = 0;
    const line = this.buffer.take(end + 1).subarray(0, length);
    if (!isUtf8(line)) return (this.#broken = refusal("receive", "UTF-8 text", "bytes that are none"));
    return E.right(Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString("utf8"));
  }

  encode(message: Message): Either<SessionError, Uint8Array> {
    const line = this.room(message, 0, 1);
    if (E.isLeft(line)) return line;
    const text = line.right.subarray(0, -1);
    if (typeof message !== "string" && !isUtf8(text))
      return refusal("send", "UTF-8 text", "bytes that are none");
    if (text.includes(lineFeed)) return refusal("send", "one line", "text with a line feed in it");
    // The other side would take it for a part of the line end.
    if (text.at(-1) === carriageReturn) return refusal("send", "one line", "text that ends in CR");
    line.right[line.right.byteLength - 1] = lineFeed;
    return line;
  }
}

/** Messages from this size on are put together where they will be received, in bytes. */
const LARGE = 16 * 1024;

class LengthFramer extends BufferedFramer {
  /** The large message at the front, and how much of it has come; what comes after it is in the buffer. */
  #large: Uint8Array | null = null;
  #filled = 0;

  override get buffered(): number {
    return this.buffer.length + (this.#large === null ? 0 : 4 + this.#filled);
  }

  override push(chunk: Uint8Array): void {
    let rest = chunk;
    if (this.#large === null && this.buffer.length === 0 && rest.byteLength >= 4) {
      const length = new DataView(rest.buffer, rest.byteOffset, 4).getUint32(0);
      if (this.#begin(length, rest.byteLength - 4) !== null) rest = rest.subarray(4);
    }
    if (this.#large !== null && this.#filled < this.#large.byteLength) {
      const part = rest.subarray(0, this.#large.byteLength - this.#filled);
      this.#large.set(part, this.#filled);
      this.#filled += part.byteLength;
      rest = rest.subarray(part.byteLength);
    }
    if (rest.byteLength > 0) this.buffer.push(rest);
  }

  override partial(): Uint8Array {
    if (this.#large === null) return super.partial();
    const head = Buffer.alloc(4);
    head.writeUInt32BE(this.#large.byteLength, 0);
    const whole = Buffer.concat([head, this.#large.subarray(0, this.#filled), this.buffer.view]);
    return new Uint8Array(whole);
  }

  next(): Either<SessionError, Message | null> {
    if (this.#large !== null) {
      if (this.#filled < this.#large.byteLength) return more;
      const message = this.#large;
      this.#large = null;
      return E.right(message);
    }
    if (this.buffer.length < 4) return more;
    const length = this.buffer.u32();
    if (length > this.limit) return this.tooLarge(length);
    const there = this.buffer.length - 4;
    if (there >= length) return E.right(this.buffer.take(4 + length).slice(4));
    const large = this.#begin(length, there);
    if (large === null) return more;
    this.buffer.take(4);
    large.set(this.buffer.take(there));
    this.#filled = there;
    return more;
  }

  /** Room for a message of which that much is there, if it is a large one. */
  #begin(length: number, there: number): Uint8Array | null {
    if (length < LARGE || length > this.limit || there >= length) return null;
    this.#large = uninitialised(length);
    this.#filled = 0;
    return this.#large;
  }

  encode(message: Message): Either<SessionError, Uint8Array> {
    const frame = this.room(message, 4, 0);
    if (E.isRight(frame)) frame.right.writeUInt32BE(frame.right.byteLength - 4, 0);
    return frame;
  }
}

class RawFramer extends BufferedFramer {
  /** All that is there, where it came at once. */
  #chunk: Uint8Array | null = null;

  override get buffered(): number {
    return this.buffer.length + (this.#chunk?.byteLength ?? 0);
  }

  override push(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    if (this.#chunk === null && this.buffer.length === 0 && chunk.byteLength <= this.limit) {
      this.#chunk = uninitialised(chunk.byteLength);
      this.#chunk.set(chunk);
      return;
    }
    if (this.#chunk !== null) this.buffer.push(this.#chunk);
    this.#chunk = null;
    this.buffer.push(chunk);
  }

  override partial(): Uint8Array {
    return this.#chunk?.slice() ?? super.partial();
  }

  next(): Either<SessionError, Message | null> {
    if (this.#chunk !== null) {
      const message = this.#chunk;
      this.#chunk = null;
      return E.right(message);
    }
    if (this.buffer.length === 0) return more;
    return E.right(this.buffer.take(Math.min(this.buffer.length, this.limit)).slice());
  }

  encode(message: Message): Either<SessionError, Uint8Array> {
    return this.room(message, 0, 0);
  }
}

/** Of its own memory, which nobody has cleared. */
const uninitialised = (bytes: number): Uint8Array => {
  const { buffer } = Buffer.allocUnsafeSlow(bytes);
  return new Uint8Array(buffer, 0, bytes);
};

const refusal = (method: string, expected: string, actual: string): Either<SessionError, never> =>
  E.left({ tag: "InvalidArgument", method, place: "message", expected, actual });
