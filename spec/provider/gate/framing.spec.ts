import { expect } from "chai";
import * as fc from "fast-check";
import type { SessionError } from "../../../lib/error.ts";
import { E } from "../../../lib/fp.ts";
import { framerFor, type Framer, type Framing } from "../../../runtime/provider/gate/framing.ts";
import type { Message } from "../../../runtime/provider/gate/gate-provider.ts";
import { left, leftTag, right } from "../outcome.ts";

/** Messages until more bytes are needed, and the error, if one ended them. */
const pull = (framer: Framer, into: Message[]): SessionError | null => {
  for (;;) {
    const message = framer.next();
    if (E.isLeft(message)) return message.left;
    if (message.right === null) return null;
    into.push(message.right);
  }
};

/** The stream in pieces that end at `cuts`. */
const pieces = (stream: Uint8Array, cuts: readonly number[]): Uint8Array[] => {
  const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length];
  return at.slice(1).map((end, i) => stream.subarray(at[i], end));
};

const framed = (framing: Framing, stream: Uint8Array, cuts: readonly number[], limit = 1000) => {
  const framer = framerFor(framing, "line", limit);
  const messages: Message[] = [];
  let error: SessionError | null = null;
  for (const piece of pieces(stream, cuts)) {
    // The framer has to copy: the piece's buffer is used again.
    const lent = piece.slice();
    framer.push(lent);
    lent.fill(255);
    error ??= pull(framer, messages);
  }
  return { messages, error, partial: error === null ? framer.partial() : null };
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const cuts = fc.array(fc.nat(), { maxLength: 20 });
const line = fc.string({ unit: "binary", maxLength: 40 }).map((text) => text.replace(/[\n\r]/g, "."));

/** Streams near enough to frames that whole messages, errors and leftovers all occur. */
const anyStream = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom(10, 13, 0, 0, 0, 3, 65, 200).map((byte) => new Uint8Array([byte])),
      fc.constant(new Uint8Array([0, 0, 0, 2, 65, 66])),
      fc.constant(bytes("text\r\n")),
    ),
    { maxLength: 30 },
  )
  .map((parts) => new Uint8Array(Buffer.concat(parts)));

describe("framing", () => {
  it("line: gives back what was encoded, however it arrives", () => {
    fc.assert(
      fc.property(fc.array(line), cuts, (lines, at) => {
        const framer = framerFor("line", "line", 1000);
        const stream = Buffer.concat(lines.map((text) => right(framer.encode(text))));
        expect(framed("line", stream, at)).to.deep.equal({
          messages: lines,
          error: null,
          partial: new Uint8Array(0),
        });
      }),
    );
  });

  it("length: gives back what was encoded, however it arrives", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), cuts, (messages, at) => {
        const framer = framerFor("length", "line", 1000);
        const stream = Buffer.concat(messages.map((message) => right(framer.encode(message))));
        expect(framed("length", stream, at)).to.deep.equal({
          messages,
          error: null,
          partial: new Uint8Array(0),
        });
      }),
    );
  });

  it("length: large messages among small ones arrive the same, and so does what is there of one", () => {
    const sizes = fc.oneof(fc.integer({ min: 16_380, max: 40_000 }), fc.nat(100));
    fc.assert(
      fc.property(fc.array(sizes, { maxLength: 6 }), cuts, fc.nat(), (lengths, at, end) => {
        const messages = lengths.map((length, i) => new Uint8Array(length).fill(i + 1));
        const framer = framerFor("length", "line", 40_000);
        const whole = Buffer.concat(messages.map((message) => right(framer.encode(message))));
        const stream = new Uint8Array(whole.subarray(0, whole.length - (end % (whole.length + 1))));
        const taken = framed("length", stream, at, 40_000);
        const used = taken.messages.reduce((sum, message) => sum + 4 + message.length, 0);
        expect(taken.messages).to.deep.equal(messages.slice(0, taken.messages.length));
        expect(taken.partial).to.deep.equal(stream.slice(used));
        expect(taken.messages.length).to.equal(framed("length", stream, [], 40_000).messages.length);
      }),
    );
  });

  for (const framing of ["line", "length"] as const)
    it(`${framing}: any split of any stream yields the same messages, error and rest`, () => {
      fc.assert(
        fc.property(anyStream, cuts, fc.integer({ min: 1, max: 20 }), (stream, at, limit) => {
          expect(framed(framing, stream, at, limit)).to.deep.equal(framed(framing, stream, [], limit));
        }),
        { numRuns: 1000 },
      );
    });

  it("raw: any split keeps all bytes in order, in messages within the bound", () => {
    fc.assert(
      fc.property(anyStream, cuts, fc.integer({ min: 1, max: 20 }), (stream, at, limit) => {
        const { messages, error } = framed("raw", stream, at, limit);
        expect(error).to.equal(null);
        expect(messages.every((message) => message.length > 0 && message.length <= limit)).to.equal(true);
        expect(new Uint8Array(Buffer.concat(messages as Uint8Array[]))).to.deep.equal(stream);
      }),
    );
  });

  it("line: ends at LF and CR LF, keeps other CRs, BOMs and NULs", () => {
    const { messages, partial } = framed("line", bytes("a\r\nb\n\r\n\nc\rd\r\r\n\ufeffe\0\nrest"), []);
    expect(messages).to.deep.equal(["a", "b", "", "", "c\rd\r", "\ufeffe\0"]);
    expect(partial).to.deep.equal(bytes("rest"));
  });

  it("line: bytes that are no text end the stream, after the lines before", () => {
    const { messages, error } = framed("line", new Uint8Array([65, 10, 0xc3, 10, 66, 10]), []);
    expect(messages).to.deep.equal(["A"]);
    expect(error).to.deep.include({ tag: "InvalidArgument", expected: "UTF-8 text" });
  });

  it("line: refuses to send what would not arrive as one line", () => {
    const framer = framerFor("line", "line", 10);
    for (const message of ["a\nb", "\n", "a\r", "\ud800", new Uint8Array([0xff]), bytes("a\n")])
      expect(leftTag(framer.encode(message))).to.equal("InvalidArgument");
    expect(right(framer.encode(bytes("é")))).to.deep.equal(Buffer.from("é\n"));
    expect(right(framer.encode("a\rb"))).to.deep.equal(Buffer.from("a\rb\n"));
  });

  it("bounds messages, both ways, to the byte", () => {
    for (const framing of ["line", "length", "raw"] as const) {
      const framer = framerFor(framing, "line", 5);
      right(framer.encode("12345"));
      expect(left(framer.encode("123456"))).to.deep.equal({
        tag: "TooLarge",
        what: "a message of gate line",
        bytes: 6,
        limit: 5,
      });
    }
    expect(framed("line", bytes("12345\r\n12345\n"), [], 5).messages).to.deep.equal(["12345", "12345"]);
    expect(framed("line", bytes("123456"), [], 5).error).to.deep.include({ tag: "TooLarge", limit: 5 });
  });

  it("fault 18: refuses a declared length over the bound before it has come", () => {
    const { error } = framed("length", new Uint8Array([0xff, 0xff, 0xff, 0xff]), [], 1 << 20);
    expect(error).to.deep.include({ tag: "TooLarge", bytes: 2 ** 32 - 1, limit: 1 << 20 });
  });
});
