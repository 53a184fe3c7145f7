import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { authenticate } from "../../runtime/image/authenticate.ts";
import { decode as decodeCbor } from "../../runtime/image/cbor-reader.ts";
import { encode } from "../../runtime/image/cbor.ts";
import { encodeImage, headerBytes, seal, sealBytes } from "../../runtime/image/container.ts";
import type { ImageError } from "../../runtime/image/image-error.ts";
import { encodeMemory } from "../../runtime/image/memory.ts";
import { decode, imageLimits, openImage, verifyImage } from "../../runtime/image/open-image.ts";
import { left, right } from "./either.ts";
import {
  base,
  changed,
  child,
  manifest,
  memories,
  ours,
  platform,
  sampleImage,
  theirs,
} from "./sample-image.ts";

const image = sampleImage();
const trust = [ours.publicKey];
const parts = right(authenticate(image, trust));
const tagOf = (bytes: Uint8Array): string => left(openImage(bytes, trust)).tag;

/** The sample with other sections, signed again: damage that only the structure shows. */
const resealed = (sections: { manifest?: Uint8Array; index?: Uint8Array; chunks?: Uint8Array }): Uint8Array =>
  seal(
    sections.manifest ?? parts.manifest,
    sections.index ?? parts.index,
    [sections.chunks ?? parts.chunks],
    ours,
  );

const withManifest = (value: unknown): ImageError =>
  left(openImage(resealed({ manifest: encode(value) }), trust));

type Index = { whole: boolean; chunks: [kind: string, length: number, hash: Uint8Array][] }[];
const indexValue = (): Index => right(decodeCbor(parts.index)) as Index;
const withIndex = (change: (index: Index) => unknown): ImageError => {
  const value = indexValue();
  return left(openImage(resealed({ index: encode(change(value) ?? value) }), trust));
};

const header = (change: (view: DataView) => void): Uint8Array => {
  const copy = image.slice();
  change(new DataView(copy.buffer));
  return copy;
};

describe("the container of an image", () => {
  it("gives back manifest and memories", () => {
    const opened = right(openImage(image, trust));
    expect(opened.manifest).to.deep.equal(manifest);
    const decoded = right(decode(opened, platform));
    expect(decoded.manifest).to.deep.equal(manifest);
    decoded.memories.forEach((memory, i) => expect(Buffer.compare(memory, memories[i]!)).to.equal(0));
  });

  it("decodes into memories that are given", () => {
    const targets = memories.map(({ length }) => new Uint8Array(length).fill(255));
    const decoded = right(decode(right(openImage(image, trust)), platform, (_, index) => targets[index]!));
    decoded.memories.forEach((memory, i) => expect(memory).to.equal(targets[i]));
  });

  it("an image that stands alone needs no base", () => {
    const alone = { ...manifest, children: [child("alone")] };
    const bytes = right(encodeImage(alone, [encodeMemory(changed(5), null)], ours));
    const opened = right(verifyImage(bytes, trust, { ...platform, base: () => null }));
    expect(opened.memories[0]?.whole).to.equal(true);
  });

  it("is found in the middle of other bytes, too", () => {
    const around = Buffer.concat([Buffer.alloc(3), image, Buffer.alloc(5)]);
    expect(right(verifyImage(around.subarray(3, -5), trust, platform)).manifest).to.deep.equal(manifest);
  });

  it("fault 15: truncated at every length, it is refused", () => {
    for (let length = 0; length < image.length; length++)
      expect(tagOf(image.subarray(0, length))).to.equal("Truncated");
  });

  it("fault 16: any one bit flipped, it is refused before anything is parsed", () => {
    const copy = image.slice();
    const tags = new Set<string>();
    for (let bit = 0; bit < image.length * 8; bit++) {
      copy[bit >> 3]! ^= 1 << (bit & 7);
      tags.add(left(authenticate(copy, trust)).tag);
      copy[bit >> 3]! ^= 1 << (bit & 7);
    }
    expect([...tags]).to.have.members([
      "BadSignature",
      "ChecksumMismatch",
      "Malformed",
      "NotAnImage",
      "Truncated",
      "UnknownFormat",
    ]);
  });

  it("fault 17: random damage that is signed again never crashes, hangs or allocates beyond the limit", () => {
    const limits = { ...imageLimits, memoryBytes: 2 ** 20 };
    const into = (bytes: number): Uint8Array => {
      expect(bytes).to.be.at.most(limits.memoryBytes);
      return new Uint8Array(bytes);
    };
    const section = fc.constantFrom("manifest" as const, "index" as const, "chunks" as const);
    const edit = fc.record({
      section,
      at: fc.nat(),
      remove: fc.nat({ max: 8 }),
      insert: fc.uint8Array({ maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const sections = { manifest: parts.manifest, index: parts.index, chunks: parts.chunks };
        for (const { section: name, at, remove, insert } of edits) {
          const old = sections[name];
          const from = at % (old.length + 1);
          sections[name] = Buffer.concat([old.subarray(0, from), insert, old.subarray(from + remove)]);
        }
        const opened = openImage(resealed(sections), trust, limits);
        if (E.isRight(opened)) decode(opened.right, platform, into);
      }),
      { seed: 17, numRuns: 1500 },
    );
  });

  it("fault 17: so does damage to the values of manifest and index", () => {
    const leaf = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        true,
        -1,
        0,
        2 ** 32,
        2 ** 53,
        0.5,
        NaN,
        "",
        "x",
        [],
        {},
        new Uint8Array(32),
      ),
      fc.string({ maxLength: 70 }),
    );
    const damaged = (value: unknown, steps: readonly number[], by: unknown): unknown => {
      const [step = 0, ...rest] = steps;
      if (steps.length === 0 || typeof value !== "object" || value === null || value instanceof Uint8Array)
        return by;
      const keys = Object.keys(value);
      const key = keys[step % keys.length] ?? "0";
      const item = damaged((value as Record<string, unknown>)[key], rest, by);
      return Array.isArray(value) ? value.with(Number(key), item) : { ...value, [key]: item };
    };
    const values = { manifest: manifest as unknown, index: indexValue() as unknown };
    fc.assert(
      fc.property(
        fc.constantFrom("manifest" as const, "index" as const),
        fc.array(fc.nat({ max: 20 }), { maxLength: 5 }),
        leaf,
        (name, steps, by) => {
          const opened = openImage(resealed({ [name]: encode(damaged(values[name], steps, by)) }), trust);
          if (E.isRight(opened)) decode(opened.right, platform);
        },
      ),
      { seed: 17, numRuns: 1500 },
    );
  });

  it("fault 18: section lengths near 2^53 and 2^64 are refused without allocation", () => {
    for (const offset of [16, 24, 32])
      for (const length of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 32n])
        expect(tagOf(header((view) => view.setBigUint64(offset, length, true)))).to.equal("Truncated");
  });

  it("fault 18: manifest, index and memories beyond the limits are refused", () => {
    const limited = (limit: Partial<typeof imageLimits>) =>
      left(openImage(image, trust, { ...imageLimits, ...limit }));
    const total = 2 * 196608;
    expect(limited({ memoryBytes: total - 1 })).to.include({
      tag: "TooLarge",
      what: "memories",
      size: total,
    });
    expect(limited({ manifestBytes: 10 })).to.include({ tag: "TooLarge", what: "manifest" });
    expect(limited({ indexBytes: 10 })).to.include({ tag: "TooLarge", what: "index" });
  });

  it("fault 18: a memory of 4 GiB that the index says is zero costs nothing until it is asked for", () => {
    const huge = { ...manifest, children: [child("huge", { memoryBytes: 2 ** 32 })] };
    const chunks = Array.from({ length: 4096 }, () => ["zero", 0, new Uint8Array(32)]);
    const bytes = seal(encode(huge), encode([{ whole: true, chunks }]), [], ours);
    expect(left(openImage(bytes, trust, { ...imageLimits, memoryBytes: 2 ** 30 })).tag).to.equal("TooLarge");
    expect(right(openImage(bytes, trust)).memories[0]?.bytes).to.equal(2 ** 32);
  });

  it("fault 19: unknown, missing and wrong fields of the manifest are refused by their place", () => {
    const one = manifest.children[0]!;
    const children = (fields: object) => ({
      ...manifest,
      children: [{ ...one, ...fields }, manifest.children[1]],
    });
    const { host: _, ...missing } = manifest;
    expect(withManifest({ ...manifest, extra: 1 })).to.include({ place: "manifest.extra" });
    expect(withManifest(missing)).to.include({ place: "manifest.host", actual: "nothing" });
    expect(withManifest({ ...manifest, format: 2 })).to.include({ place: "manifest.format", actual: "2" });
    expect(withManifest(children({ memoryBytes: 65537 }))).to.include({
      place: "manifest.children[0].memoryBytes",
      actual: "65537",
    });
    expect(withManifest(children({ identity: "../../x" })).tag).to.equal("Malformed");
    expect(withManifest(children({ quota: { ram: -1, caps: 0 } }))).to.include({
      place: "manifest.children[0].quota.ram",
    });
    expect(withManifest(children({ identity: manifest.children[1]!.identity })).tag).to.equal("Malformed");
    expect(withManifest({ ...manifest, children: [] }).tag).to.equal("Malformed");
    expect(withManifest([]).tag).to.equal("Malformed");
    expect(withManifest({ ...manifest, created: 2 ** 53 - 1 })).to.include({ place: "manifest.created" });
  });

  it("fault 19: an unknown kind of chunk, and lengths and counts that do not add up, are refused", () => {
    const cases: ((index: Index) => unknown)[] = [
      (index) => void (index[0]!.chunks[0]![0] = "zstd"),
      (index) => void (index[0]!.chunks[0]![0] = "zero"),
      (index) => void (index[0]!.chunks[0]![0] = "raw"),
      (index) => void (index[0]!.chunks[0]![1] += 1),
      (index) => void (index[0]!.chunks[0]![1] = -1),
      (index) => void (index[0]!.chunks[0]![2] = new Uint8Array(31)),
      (index) => void index[0]!.chunks.push(["zero", 0, new Uint8Array(32)]),
      (index) => void (index[0]!.chunks.length = 0),
      (index) => index.slice(1),
      (index) => [...index, ...index],
      (index) => index.map((memory) => ({ ...memory, extra: 1 })),
      (index) => index.map((memory) => ({ ...memory, chunks: memory.chunks.map((chunk) => [...chunk, 1]) })),
    ];
    for (const change of cases) expect(withIndex(change).tag).to.equal("Malformed");
  });

  it("fault 19: bytes after the end, between the chunks and in the reserved field are refused", () => {
    expect(tagOf(Buffer.concat([image, Buffer.alloc(1)]))).to.equal("Malformed");
    expect(tagOf(resealed({ chunks: Buffer.concat([parts.chunks, Buffer.alloc(1)]) }))).to.equal("Malformed");
    expect(tagOf(header((view) => view.setUint32(12, 1, true)))).to.equal("Malformed");
  });

  it("fault 22: the image of another key is refused, by both names, unless that key is trusted", () => {
    const foreign = sampleImage(theirs);
    expect(left(openImage(foreign, trust))).to.deep.equal({
      tag: "UntrustedKey",
      key: theirs.publicKey,
      trusted: [ours.publicKey],
    });
    expect(left(openImage(image, [])).tag).to.equal("UntrustedKey");
    expect(right(openImage(foreign, [...trust, theirs.publicKey])).authentic.key).to.equal(theirs.publicKey);
    expect(right(openImage(foreign, "any")).authentic.key).to.equal(theirs.publicKey);
  });

  it("fault 22: a trusted key put in place of the signer's does not help", () => {
    const forged = sampleImage(theirs).slice();
    const key = image.subarray(image.length - sealBytes + 32, image.length - sealBytes + 64);
    forged.set(key, forged.length - sealBytes + 32);
    expect(left(openImage(forged, trust))).to.deep.equal({ tag: "BadSignature", key: ours.publicKey });
  });

  it("fault 24: chunks swapped inside an image, or between images, are refused", () => {
    const other = right(
      encodeImage(
        manifest,
        [changed(33), changed(44)].map((m) => encodeMemory(m, base)),
        ours,
      ),
    );
    const foreign = right(authenticate(other, trust));
    const spliced = Buffer.from(image);
    spliced.set(foreign.chunks.subarray(0, 50), headerBytes + parts.manifest.length + parts.index.length);
    expect(tagOf(spliced)).to.equal("ChecksumMismatch");
    // Even signed again, a chunk is bound to its place by the hash of the memory it stands for.
    const [first, second] = right(openImage(image, trust)).memories.map(({ chunks }) => chunks[0]!);
    const swapped = indexValue();
    swapped[0]!.chunks[0]![1] = second!.data.length;
    swapped[1]!.chunks[0]![1] = first!.data.length;
    const chunks = Buffer.concat([second!.data, first!.data]);
    const sealed = right(openImage(resealed({ index: encode(swapped), chunks }), trust));
    expect(left(decode(sealed, platform)).tag).to.equal("ChecksumMismatch");
  });

  it("another engine or a missing base is named before any memory is allocated", () => {
    const sealed = right(openImage(image, trust));
    const into = (): never => expect.fail("allocated");
    expect(left(decode(sealed, { ...platform, engines: ["f".repeat(64)] }, into))).to.deep.equal({
      tag: "WrongEngine",
      child: "init -> one",
      wanted: "e".repeat(64),
      available: ["f".repeat(64)],
    });
    expect(left(decode(sealed, { ...platform, base: () => null }, into))).to.deep.equal({
      tag: "WrongBase",
      child: "init -> one",
      wanted: "b".repeat(64),
    });
  });

  it("fault 27: formats before and after ours are refused by name", () => {
    for (const found of [0, 2, 4096])
      expect(
        left(
          openImage(
            header((view) => view.setUint32(8, found, true)),
            trust,
          ),
        ),
      ).to.deep.equal({
        tag: "UnknownFormat",
        found,
        supported: [1],
      });
  });

  it("fault 28: decoded and encoded, an image has the same bytes", () => {
    const decoded = right(decode(right(openImage(image, trust)), platform));
    const again = decoded.memories.map((memory) => encodeMemory(memory, base));
    expect(Buffer.compare(right(encodeImage(decoded.manifest, again, ours)), image)).to.equal(0);
  });

  it("law 7: an image that could not be read again is not encoded", () => {
    const encoded = [encodeMemory(memories[0], base), encodeMemory(memories[1], base)];
    const ledger = { ...manifest, children: [child("one", { ledger: { x: undefined } }), child("two")] };
    expect(left(encodeImage(ledger, encoded, ours))).to.include({ place: "manifest.children[0].ledger.x" });
    expect(left(encodeImage(manifest, encoded.slice(1), ours)).tag).to.equal("Malformed");
    expect(left(encodeImage({ ...manifest, host: "" }, encoded, ours))).to.include({
      place: "manifest.host",
    });
  });
});
