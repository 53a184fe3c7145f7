// The frames of two Cryonode ends: whatever comes is either one of them, whole, or the end of the connection.
import { expect } from "chai";
import * as fc from "fast-check";
import { REFUSALS, type Hello } from "../../../runtime/provider/gate/hello.ts";
import type { Message } from "../../../runtime/provider/gate/gate-provider.ts";
import { roomFor } from "../../../runtime/provider/gate/message-room.ts";
import {
  ackFrame,
  byeFrame,
  DATA_HEAD_BYTES,
  FrameReader,
  helloFrame,
  readyFrame,
  refuseFrame,
  numberData,
  sealData,
  sealedMessage,
  type Frame,
} from "../../../runtime/provider/gate/paired-wire.ts";
import { right } from "../outcome.ts";

const LIMIT = 100;

const dataFrame = (number: number, message: Message): Buffer => {
  const bytes = right(roomFor("line", LIMIT, message, DATA_HEAD_BYTES, 0));
  sealData(bytes, typeof message === "string");
  numberData(bytes, number);
  return bytes;
};

const id = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .filter((bytes) => bytes.some((byte) => byte !== 0))
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const u32 = fc.nat(0xffff_ffff);
const u48 = fc.maxSafeNat().map((n) => n % 2 ** 48);
const hello: fc.Arbitrary<Hello> = fc
  .record({
    self: id,
    epoch: u32,
    peer: fc.option(id),
    peerEpoch: u32,
    sent: u48,
    acknowledged: u48,
    received: u48,
    message: fc.integer({ min: 1, max: 0xffff_ffff }),
    window: fc.record({
      messages: fc.integer({ min: 1, max: 0xffff_ffff }),
      bytes: fc.integer({ min: 1, max: 0xffff_ffff }),
    }),
  })
  .map((each) => ({ ...each, acknowledged: Math.min(each.acknowledged, each.sent) }));
const text = fc
  .string({ unit: "binary", maxLength: 20 })
  .filter((each) => Buffer.from(each).toString() === each);
const frame: fc.Arbitrary<[Frame, Buffer]> = fc.oneof(
  fc.constant<[Frame, Buffer]>([{ kind: "ready" }, readyFrame()]),
  fc.constant<[Frame, Buffer]>([{ kind: "bye" }, byeFrame()]),
  u48.map((number): [Frame, Buffer] => [{ kind: "ack", number }, ackFrame(number)]),
  fc
    .constantFrom(...REFUSALS)
    .map((refusal): [Frame, Buffer] => [{ kind: "refuse", refusal }, refuseFrame(refusal)]),
  fc
    .tuple(u48, fc.oneof(text, fc.uint8Array({ maxLength: LIMIT })))
    .map(([number, message]): [Frame, Buffer] => [
      { kind: "data", number, message },
      dataFrame(number, message),
    ]),
);

/** What a reader takes from a stream that comes in pieces, and why it stopped, if it did. */
const framesIn = (stream: Uint8Array, cuts: readonly number[]): { frames: Frame[]; wrong: string | null } => {
  const reader = new FrameReader(LIMIT);
  const frames: Frame[] = [];
  const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  for (const [i, end] of at.slice(1).entries()) {
    // The piece's buffer is used again.
    const piece = Uint8Array.from(stream.subarray(at[i], end));
    const wrong = reader.push(piece, (each) => {
      frames.push(each);
      return null;
    });
    piece.fill(0xaa);
    if (wrong !== null) return { frames, wrong };
  }
  return { frames, wrong: null };
};

const plainHello = (): Buffer =>
  helloFrame({
    ...{ self: "1".repeat(32), epoch: 1, peer: null, peerEpoch: 0, sent: 0, acknowledged: 0, received: 0 },
    message: LIMIT,
    window: { messages: 1, bytes: 1 },
  });

describe("frames of a pair", () => {
  it("come out as they went in, however they are cut", () =>
    fc.assert(
      fc.property(hello, fc.array(frame), fc.array(fc.nat()), (first, rest, cuts) => {
        const stream = Buffer.concat([helloFrame(first), ...rest.map(([, bytes]) => bytes)]);
        expect(framesIn(stream, cuts)).to.deep.equal({
          frames: [{ kind: "hello", hello: first }, ...rest.map(([each]) => each)],
          wrong: null,
        });
      }),
    ));

  it("fault 15: a stream that breaks off anywhere gives the frames that were whole, and no other", () =>
    fc.assert(
      fc.property(fc.array(frame), fc.nat(), (rest, cut) => {
        const whole = Buffer.concat([plainHello(), ...rest.map(([, bytes]) => bytes)]);
        const { frames, wrong } = framesIn(whole.subarray(0, cut % (whole.length + 1)), []);
        expect(wrong).to.equal(null);
        expect(frames).to.deep.equal(framesIn(whole, []).frames.slice(0, frames.length));
      }),
    ));

  it("fault 17: whatever comes, it is frames or the end, and neither crashes nor hoards", () =>
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.uint8Array({ maxLength: 400 }),
        fc.array(fc.nat()),
        (greets, noise, cuts) => {
          const stream = greets ? Buffer.concat([plainHello(), noise]) : noise;
          for (const each of framesIn(stream, cuts).frames)
            if (each.kind === "data") expect(each.message.length).to.be.at.most(LIMIT);
        },
      ),
      { numRuns: 2000 },
    ));

  const lengthOf = (kind: number, length: number): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt8(kind, 0);
    head.writeUInt32BE(length, 1);
    return head;
  };
  const changed = (bytes: Buffer, change: (bytes: Buffer) => void): Buffer => {
    change(bytes);
    return bytes;
  };
  const rows: readonly (readonly [what: string, stream: Buffer, wrong: string])[] = [
    ["text", Buffer.from("GET / HTTP/1.1"), "what it sent is no greeting of a Cryonode end"],
    ["a line feed", Buffer.from("\n"), "what it sent is no greeting of a Cryonode end"],
    ["data before a greeting", dataFrame(1, "x"), "what it sent is no greeting of a Cryonode end"],
    [
      "a greeting with another magic",
      changed(plainHello(), (bytes) => bytes.write("cryonide", 5)),
      "what it sent is no greeting of a Cryonode end",
    ],
    [
      "a greeting from nobody",
      changed(plainHello(), (bytes) => bytes.fill(0, 15, 31)),
      "its greeting contradicts itself",
    ],
    ["a greeting of 2 GiB", lengthOf(1, 2 ** 31), "what it sent is no greeting of a Cryonode end"],
    [
      "a message over the bound",
      Buffer.concat([plainHello(), lengthOf(4, LIMIT + 8)]),
      "it sent a frame of 108 bytes, over its bound of 107",
    ],
    [
      "an acknowledgement that is too short",
      Buffer.concat([plainHello(), lengthOf(5, 5)]),
      "it sent a frame of 5 bytes, over its bound of 6",
    ],
    [
      "a frame of no kind",
      Buffer.concat([plainHello(), Buffer.from([9])]),
      "it sent a frame of kind 9, which there is none of",
    ],
    [
      "a message of no form",
      Buffer.concat([
        plainHello(),
        changed(dataFrame(1, "x"), (bytes) => bytes.writeUInt8(2, DATA_HEAD_BYTES - 1)),
      ]),
      "a message is neither bytes nor UTF-8 text",
    ],
    [
      "text that is no UTF-8",
      Buffer.concat([
        plainHello(),
        changed(dataFrame(1, "x"), (bytes) => bytes.writeUInt8(0xff, DATA_HEAD_BYTES)),
      ]),
      "a message is neither bytes nor UTF-8 text",
    ],
    [
      "a refusal for no reason",
      Buffer.concat([plainHello(), changed(refuseFrame("taken"), (bytes) => bytes.writeUInt8(77, 5))]),
      "it refuses for a reason that there is none of",
    ],
  ];
  for (const [what, stream, wrong] of rows)
    it(`fault 42: ${what} ends it`, () => expect(framesIn(stream, []).wrong).to.equal(wrong));

  it("a greeting of another version is known as such, whatever follows in it", () => {
    const later = Buffer.concat([
      lengthOf(1, 300),
      Buffer.from("cryonode"),
      Buffer.from([0, 7]),
      Buffer.alloc(290, 5),
    ]);
    expect(framesIn(later, [3, 40])).to.deep.equal({
      frames: [{ kind: "strange", version: 7 }],
      wrong: null,
    });
  });

  it("holds a message's bytes once, and gives them back", () => {
    for (const message of ["ü\n", new Uint8Array([1, 2, 3]), "", new Uint8Array(0)])
      expect(sealedMessage(dataFrame(5, message))).to.deep.equal(message);
  });
});
