// TextEncoder and TextDecoder against Node's own.
import { expect } from "chai";
import * as fc from "fast-check";
import { boot, inNode, type Guest } from "./guest.ts";

interface Chunked {
  readonly bytes: number[];
  readonly cuts: number[];
}

/** Bytes near UTF-8: text with some bytes altered, cut into chunks. */
const chunked = fc
  .tuple(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.array(fc.tuple(fc.nat(100), fc.nat(255)), { maxLength: 2 }),
    fc.array(fc.nat(100), { maxLength: 5 }),
  )
  .map(([text, alterations, cuts]): Chunked => {
    const bytes = [...new TextEncoder().encode(text)];
    for (const [at, byte] of alterations) if (at < bytes.length) bytes[at] = byte;
    return { bytes, cuts: cuts.filter((cut) => cut <= bytes.length).sort((a, b) => a - b) };
  });

const DECODE = `(bytes, cuts, options) => {
  const decoder = new TextDecoder("utf-8", options);
  const all = Uint8Array.from(bytes);
  let text = "";
  let from = 0;
  try {
    for (const cut of cuts) {
      const chunk = all.slice(from, cut);
      text += decoder.decode(chunk, { stream: true });
      chunk.fill(0);
      from = cut;
    }
    return escape(text + decoder.decode(all.subarray(from)));
  } catch (error) { return error.name; }
}`;
const decodeHere = inNode(DECODE) as (bytes: number[], cuts: number[], options: object) => string;

describe("TextDecoder", () => {
  let guest: Guest;
  before(async () => {
    guest = await boot();
    guest.run(`globalThis.decode = ${DECODE}`);
  });
  const decodeThere = ({ bytes, cuts }: Chunked, options: object): unknown =>
    guest.run(`decode(${JSON.stringify(bytes)}, ${JSON.stringify(cuts)}, ${JSON.stringify(options)})`);

  for (const options of [{}, { ignoreBOM: true }, { fatal: true }])
    it(`decodes chunks as Node does with ${JSON.stringify(options)}`, () => {
      fc.assert(
        fc.property(chunked, (input) => {
          expect(decodeThere(input, options)).to.equal(decodeHere(input.bytes, input.cuts, options));
        }),
      );
    });

  it("drops one byte-order mark at the start of each text, whole or in pieces", () => {
    const bytes = [0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 0x61];
    for (const cuts of [[], [1], [1, 2], [3], [4]])
      for (const options of [{}, { ignoreBOM: true }])
        expect(decodeThere({ bytes, cuts }, options)).to.equal(decodeHere(bytes, cuts, options));
    guest.run("globalThis.again = new TextDecoder(); again.decode(Uint8Array.of(97))");
    expect(guest.run("again.decode(Uint8Array.of(0xef, 0xbb, 0xbf, 97))")).to.equal("a");
  });

  it("takes buffers, views and nothing", () => {
    expect(guest.run("new TextDecoder().decode()")).to.equal("");
    expect(guest.run("new TextDecoder().decode(Uint8Array.of(97, 98).buffer)")).to.equal("ab");
    expect(guest.run("new TextDecoder().decode(new DataView(Uint8Array.of(97, 98).buffer, 1))")).to.equal(
      "b",
    );
    expect(guest.run("new TextDecoder().decode(Uint16Array.of(0x6261))")).to.equal("ab");
    expect(() => guest.run("new TextDecoder().decode('a')")).to.throw("TypeError");
  });

  it("is usable again after an error, and tells a replacement character from a replaced byte", () => {
    guest.run("globalThis.strict = new TextDecoder('utf8', { fatal: true })");
    expect(() => guest.run("strict.decode(Uint8Array.of(0xe4, 0xb8), {})")).to.throw("TypeError");
    expect(guest.run("strict.decode(Uint8Array.of(0xef, 0xbf, 0xbd))")).to.equal("\uFFFD");
  });

  it("knows UTF-8 by its names, and no other encoding", () => {
    for (const label of ["utf-8", "UTF8", " unicode-1-1-utf-8 "])
      expect(guest.run(`new TextDecoder("${label}").encoding`)).to.equal("utf-8");
    expect(() => guest.run("new TextDecoder('latin1')")).to.throw("RangeError");
  });
});

describe("TextEncoder", () => {
  let guest: Guest;
  before(async () => {
    guest = await boot();
  });

  it("encodes as Node does, lone surrogates included", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.constantFrom("", "\uD800", "\uDC00", "\uDC00\uD800"),
        (text, end) => {
          const source = text + end;
          expect(guest.run(`[...new TextEncoder().encode(${JSON.stringify(source)})]`)).to.deep.equal([
            ...new TextEncoder().encode(source),
          ]);
        },
      ),
    );
    expect(guest.run("new TextEncoder().encode().length")).to.equal(0);
  });

  it("encodes into what room there is, in whole characters", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 10 }), fc.nat(20), (text, room) => {
        const into = new Uint8Array(room);
        const { read, written } = new TextEncoder().encodeInto(text, into);
        guest.run(`globalThis.into = new Uint8Array(${room})`);
        const told = guest.run(`new TextEncoder().encodeInto(${JSON.stringify(text)}, into)`);
        expect(told).to.deep.equal({ read, written });
        expect(guest.run("[...into]")).to.deep.equal([...into]);
      }),
    );
  });
});
