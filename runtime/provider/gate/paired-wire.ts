// What two Cryonode ends of a gate say to each other, version 1. Numbers are big-endian; nothing is longer than its
// kind allows, and what is not of this form ends the connection.
//
//   frame    kind u8, length u32, body
//   hello    "cryonode", version u16; of version 1 then: own id 16 bytes, own epoch u32, the other's id 16 bytes (zeros:
//            none known), the other's epoch u32, sent u48, acknowledged u48, received u48, largest message u32,
//            window: messages u32, bytes u32
//   ready    nothing: the one who called has agreed to the hello it was answered
//   refuse   code u8
//   data     number u48, form u8 (0 bytes, 1 UTF-8), content
//   ack      number u48: this one and all before it
//   bye      nothing: all was acknowledged, and nothing will come any more

import { isUtf8 } from "node:buffer";
import type { Message } from "./gate-provider.ts";
import { REFUSALS, type Hello, type Refusal } from "./hello.ts";

const PROTOCOL_VERSION = 1;

const HELLO = 1;
const READY = 2;
const REFUSE = 3;
const DATA = 4;
const ACK = 5;
const BYE = 6;

const MAGIC = Buffer.from("cryonode", "latin1");
const HEAD_BYTES = 5;
const ID_BYTES = 16;
const NUMBER_BYTES = 6;
const HELLO_BYTES = MAGIC.length + 2 + 2 * (ID_BYTES + 4) + 3 * NUMBER_BYTES + 12;
/** Of another version, whose form is not known, but for its beginning. */
const STRANGE_HELLO_BYTES = 1024;
/** Bytes of a data frame before its content. */
export const DATA_HEAD_BYTES = HEAD_BYTES + NUMBER_BYTES + 1;
const BYTES = 0;
const TEXT = 1;
export type Frame =
  | { readonly kind: "hello"; readonly hello: Hello }
  /** A hello of another version. */
  | { readonly kind: "strange"; readonly version: number }
  | { readonly kind: "ready" }
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "data"; readonly number: number; readonly message: Message }
  | { readonly kind: "ack"; readonly number: number }
  | { readonly kind: "bye" };

const blank = (kind: number, length: number): Buffer => {
  const bytes = Buffer.alloc(HEAD_BYTES + length);
  bytes.writeUInt8(kind, 0);
  bytes.writeUInt32BE(length, 1);
  return bytes;
};

export const readyFrame = (): Buffer => blank(READY, 0);
export const byeFrame = (): Buffer => blank(BYE, 0);

export const refuseFrame = (refusal: Refusal): Buffer => {
  const bytes = blank(REFUSE, 1);
  bytes.writeUInt8(REFUSALS.indexOf(refusal), HEAD_BYTES);
  return bytes;
};

export const ackFrame = (number: number): Buffer => {
  const bytes = blank(ACK, NUMBER_BYTES);
  bytes.writeUIntBE(number, HEAD_BYTES, NUMBER_BYTES);
  return bytes;
};

export const helloFrame = (hello: Hello): Buffer => {
  const bytes = blank(HELLO, HELLO_BYTES);
  let at = MAGIC.copy(bytes, HEAD_BYTES) + HEAD_BYTES;
  at = bytes.writeUInt16BE(PROTOCOL_VERSION, at);
  for (const [id, epoch] of [
    [hello.self, hello.epoch],
    [hello.peer ?? "", hello.peerEpoch],
  ] as const) {
    bytes.write(id, at, "hex");
    at = bytes.writeUInt32BE(epoch, at + ID_BYTES);
  }
  for (const number of [hello.sent, hello.acknowledged, hello.received])
    at = bytes.writeUIntBE(number, at, NUMBER_BYTES);
  for (const size of [hello.message, hello.window.messages, hello.window.bytes])
    at = bytes.writeUInt32BE(size, at);
  return bytes;
};

/** Completes a data frame whose content lies behind `DATA_HEAD_BYTES` free bytes, but for its number. */
export const sealData = (bytes: Buffer, isText: boolean): void => {
  bytes.writeUInt8(DATA, 0);
  bytes.writeUInt32BE(bytes.byteLength - HEAD_BYTES, 1);
  bytes.writeUInt8(isText ? TEXT : BYTES, DATA_HEAD_BYTES - 1);
};

export const numberData = (bytes: Buffer, number: number): void => {
  bytes.writeUIntBE(number, HEAD_BYTES, NUMBER_BYTES);
};

/** The message in a data frame of ours; bytes are a view. */
export const sealedMessage = (bytes: Buffer): Message => {
  const content = bytes.subarray(DATA_HEAD_BYTES);
  return bytes.readUInt8(DATA_HEAD_BYTES - 1) === TEXT
    ? content.toString()
    : new Uint8Array(content.buffer, content.byteOffset, content.byteLength);
};

const noHello = "what it sent is no greeting of a Cryonode end";

const helloOf = (body: Buffer): Frame | string => {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) return noHello;
  let at = MAGIC.length;
  const number = (size: number): number => {
    const read = body.readUIntBE(at, size);
    at += size;
    return read;
  };
  const id = (): string => {
    at += ID_BYTES;
    return body.toString("hex", at - ID_BYTES, at);
  };
  const version = number(2);
  if (version !== PROTOCOL_VERSION) return { kind: "strange", version };
  if (body.byteLength !== HELLO_BYTES) return noHello;
  const [self, epoch] = [id(), number(4)];
  const [peer, peerEpoch] = [id(), number(4)];
  const [sent, acknowledged, received] = [number(6), number(6), number(6)];
  const [message, messages, bytes] = [number(4), number(4), number(4)];
  if (isNobody(self) || acknowledged > sent || message === 0 || messages === 0 || bytes === 0)
    return "its greeting contradicts itself";
  const window = { messages, bytes };
  const known = isNobody(peer) ? null : peer;
  const hello = { self, epoch, peer: known, peerEpoch, sent, acknowledged, received, message, window };
  return { kind: "hello", hello };
};

const isNobody = (id: string): boolean => /^0+$/.test(id);

const frameOf = (kind: number, body: Buffer): Frame | string => {
  switch (kind) {
    case HELLO:
      return helloOf(body);
    case READY:
      return { kind: "ready" };
    case REFUSE: {
      const refusal = REFUSALS[body.readUInt8(0)];
      return refusal === undefined
        ? "it refuses for a reason that there is none of"
        : { kind: "refuse", refusal };
    }
    case DATA: {
      const number = body.readUIntBE(0, NUMBER_BYTES);
      const form = body.readUInt8(NUMBER_BYTES);
      const content = body.subarray(NUMBER_BYTES + 1);
      if (form === BYTES)
        return {
          kind: "data",
          number,
          message: new Uint8Array(content.buffer, content.byteOffset, content.length),
        };
      if (form !== TEXT || !isUtf8(content)) return "a message is neither bytes nor UTF-8 text";
      return { kind: "data", number, message: content.toString() };
    }
    case ACK:
      return { kind: "ack", number: body.readUIntBE(0, NUMBER_BYTES) };
    default:
      return { kind: "bye" };
  }
};

/** Cuts what arrives on one connection into frames. The first must be a hello, or a refusal. */
export class FrameReader {
  /** Bytes of a message at most. */
  readonly #limit: number;
  readonly #head = Buffer.alloc(HEAD_BYTES);
  #headBytes = 0;
  #body: Buffer | null = null;
  #bodyBytes = 0;
  #greeted = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Gives each frame that is whole now to `take`, which answers why it can't be, or null. Answers why the rest can't be
   * understood, or null. Bytes of messages are fresh ones; a body has its room when its head was read, and no earlier
   * one waits then.
   */
  push(chunk: Uint8Array, take: (frame: Frame) => string | null): string | null {
    let at = 0;
    while (at < chunk.byteLength || this.#body?.byteLength === this.#bodyBytes) {
      if (this.#body === null) {
        const part = chunk.subarray(at, at + HEAD_BYTES - this.#headBytes);
        this.#head.set(part, this.#headBytes);
        this.#headBytes += part.byteLength;
        at += part.byteLength;
        const wrong = this.#headBytes === 0 ? null : this.#judge();
        if (wrong !== null) return wrong;
        if (this.#headBytes < HEAD_BYTES) return null;
        this.#body = Buffer.allocUnsafeSlow(this.#head.readUInt32BE(1));
        this.#bodyBytes = 0;
        continue;
      }
      const part = chunk.subarray(at, at + this.#body.byteLength - this.#bodyBytes);
      this.#body.set(part, this.#bodyBytes);
      this.#bodyBytes += part.byteLength;
      at += part.byteLength;
      if (this.#bodyBytes < this.#body.byteLength) return null;
      const frame = frameOf(this.#head.readUInt8(0), this.#body);
      this.#body = null;
      this.#headBytes = 0;
      const wrong = typeof frame === "string" ? frame : take(frame);
      if (wrong !== null) return wrong;
    }
    return null;
  }

  /** Why a head, as far as it has come, begins no frame. */
  #judge(): string | null {
    const kind = this.#head.readUInt8(0);
    if (!this.#greeted && kind !== HELLO && kind !== REFUSE) return noHello;
    if (kind < HELLO || kind > BYE) return `it sent a frame of kind ${kind}, which there is none of`;
    if (this.#headBytes < HEAD_BYTES) return null;
    const length = this.#head.readUInt32BE(1);
    const [least, most] = this.#bounds(kind);
    if (length < least || length > most)
      return this.#greeted ? `it sent a frame of ${length} bytes, over its bound of ${most}` : noHello;
    this.#greeted = true;
    return null;
  }

  #bounds(kind: number): readonly [least: number, most: number] {
    if (kind === HELLO) return [MAGIC.length + 2, STRANGE_HELLO_BYTES];
    if (kind === DATA) return [NUMBER_BYTES + 1, NUMBER_BYTES + 1 + this.#limit];
    const fixed = kind === REFUSE ? 1 : kind === ACK ? NUMBER_BYTES : 0;
    return [fixed, fixed];
  }
}
