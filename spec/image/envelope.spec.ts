// A container as a file: who gave it, whose it may be, what only one key opens; and that none of it can be altered.
import { createHash, createPublicKey, diffieHellman, generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { deflate } from "../../runtime/deflate.ts";
import { agreementKey } from "../../runtime/image/agreement.ts";
import { envelop, isEnvelope, openEnvelope, type EnvelopeOptions } from "../../runtime/image/envelope.ts";
import { publicKeyOf } from "../../runtime/image/public-key.ts";
import { left, right } from "./either.ts";
import { noise, ours, sampleImage, signerOf, signerOfSeed, theirs } from "./sample-image.ts";

const image = sampleImage();
const baseFile = Buffer.concat([Buffer.alloc(5000), noise(300, 3)]);
const base = { hash: "b".repeat(64), file: baseFile, deflated: deflate(baseFile) };
const trust = [ours.publicKey];

const options: EnvelopeOptions = {
  ...{ container: "00000000-0000-4000-8000-000000000000", created: 1_700_000_000_000, host: "here" },
  ...{ to: theirs.publicKey, sealFor: null, bases: [base] },
};
const plain = right(envelop(image, options, ours));
const sealed = right(envelop(image, { ...options, sealFor: theirs.publicKey }, ours));

describe("a container as a file", () => {
  it("gives back what is in it, and says whose it is", () => {
    for (const [bytes, sealedFor] of [
      [plain, null],
      [sealed, theirs.publicKey],
    ] as const) {
      expect(isEnvelope(bytes)).to.equal(true);
      const { facts, content } = right(openEnvelope(bytes, trust, theirs));
      expect(facts).to.deep.include({ from: ours.publicKey, to: theirs.publicKey, sealedFor, host: "here" });
      expect(facts).to.deep.include({
        container: options.container,
        bases: [base.hash],
        bytes: bytes.length,
      });
      expect(Buffer.compare(content!.image, image)).to.equal(0);
      expect(content!.bases.map(({ hash }) => hash)).to.deep.equal([base.hash]);
      expect(Buffer.compare(content!.bases[0]!.file, baseFile)).to.equal(0);
    }
  });

  it("fault 26: sealed for a key it tells others no more than whose it is, and nothing of it lies open", () => {
    for (const other of [null, ours, signerOfSeed(3)]) {
      const { facts, content } = right(openEnvelope(sealed, trust, other));
      expect(content).to.equal(null);
      expect(facts).to.deep.include({ from: ours.publicKey, sealedFor: theirs.publicKey });
    }
    const open = Buffer.from(plain);
    const shut = Buffer.from(sealed);
    // Any stretch of the image, a name that is in its manifest among them.
    expect(open.includes(Buffer.from(image.subarray(100, 132)))).to.equal(true);
    expect(shut.includes(Buffer.from(image.subarray(100, 132)))).to.equal(false);
    expect(open.includes("components/counter.ts")).to.equal(true);
    expect(shut.includes("components/counter.ts")).to.equal(false);
    expect(right(envelop(image, { ...options, sealFor: theirs.publicKey }, ours))).to.not.deep.equal(sealed);
  });

  for (const [what, bytes] of [
    ["open", plain],
    ["sealed", sealed],
  ] as const) {
    it(`fault 16: ${what}: a bit flipped in any byte is refused before anything is opened`, function () {
      this.timeout(60_000);
      for (let at = 0; at < bytes.length; at++) {
        const altered = Uint8Array.from(bytes);
        altered[at]! ^= 1 << (at & 7);
        expect(E.isLeft(openEnvelope(altered, trust, theirs)), `byte ${at}`).to.equal(true);
      }
    });

    it(`fault 15: ${what}: every length is refused but its own`, () => {
      const lengths = [
        ...Array(400).keys(),
        ...Array.from({ length: 130 }, (_, i) => bytes.length - 130 + i),
      ];
      for (const length of lengths)
        expect(E.isLeft(openEnvelope(bytes.subarray(0, length), trust, theirs)), `${length}`).to.equal(true);
      expect(E.isLeft(openEnvelope(Buffer.concat([bytes, Buffer.alloc(1)]), trust, theirs))).to.equal(true);
    });

    it(`fault 17: ${what}: altered and signed again by somebody who is trusted, it is opened or refused, never worse`, () => {
      fc.assert(
        fc.property(fc.nat({ max: bytes.length - 129 }), fc.integer({ min: 1, max: 255 }), (at, by) => {
          const altered = resigned(bytes, (copy) => (copy[at]! ^= by));
          const opened = openEnvelope(altered, [theirs.publicKey], theirs);
          if (E.isRight(opened) && what === "sealed") expect(opened.right.content).to.equal(null);
        }),
        { numRuns: 300 },
      );
    });
  }

  it("fault 22: of another giver it is refused by both keys, and a trusted key in the giver's place does not help", () => {
    expect(left(openEnvelope(plain, [theirs.publicKey], theirs))).to.deep.equal({
      tag: "UntrustedKey",
      key: ours.publicKey,
      trusted: [theirs.publicKey],
    });
    const forged = Uint8Array.from(plain);
    forged.set(Buffer.from(theirs.publicKey.slice(8), "base64url"), plain.length - 96);
    expect(left(openEnvelope(forged, [theirs.publicKey], theirs)).tag).to.equal("BadSignature");
  });

  it("fault 24: what was sealed for a header opens with that header only", () => {
    const other = right(
      envelop(image, { ...options, to: null, sealFor: theirs.publicKey, host: "elsew" }, ours),
    );
    const [a, b] = [sealed, other].map((bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const header = Number(view.getBigUint64(16, true));
      return { head: bytes.subarray(0, 32 + header), body: bytes.subarray(32 + header, bytes.length - 128) };
    }) as [{ head: Uint8Array; body: Uint8Array }, { head: Uint8Array; body: Uint8Array }];
    const swapped = resigned(Buffer.concat([a.head, b.body, Buffer.alloc(128)]), () => {});
    expect(left(openEnvelope(swapped, [theirs.publicKey], theirs))).to.deep.equal({
      tag: "BrokenSeal",
      key: theirs.publicKey,
    });
  });

  it("fault 18: lengths that can't be are refused and nothing is allocated", () => {
    for (const [at, value] of [
      [16, 2n ** 53n],
      [24, 2n ** 63n],
      [16, 2n ** 64n - 1n],
    ] as const) {
      const altered = resigned(plain, (copy) =>
        new DataView(copy.buffer, copy.byteOffset).setBigUint64(at, value, true),
      );
      expect(left(openEnvelope(altered, [theirs.publicKey], theirs)).tag).to.equal("Truncated");
    }
  });

  it("takes the way of libsodium from one curve to the other: its test vector", () => {
    const host = signerOf(
      Buffer.from("421151a459faeade3d247115f94aedae42318124095afabe4d1451a559faedee", "hex"),
    );
    const key = "f1814f0e8ff1043d8a44d25babff3cedcae6c22c3edaa48f857ae70de2baae50";
    expect(Buffer.from(agreementKey(host.publicKey)!).toString("hex")).to.equal(key);
    // Both halves belong together.
    const { publicKey, privateKey } = generateKeyPairSync("x25519");
    const { x = "" } = publicKey.export({ format: "jwk" });
    const der = Buffer.concat([Buffer.from("302a300506032b656e032100", "hex"), Buffer.from(key, "hex")]);
    const half = createPublicKey({ key: der, format: "der", type: "spki" });
    const shared = diffieHellman({ privateKey, publicKey: half });
    expect(Buffer.from(host.agree(Buffer.from(x, "base64url"))!)).to.deep.equal(shared);
  });

  it("refuses keys that agree with everybody on the same", () => {
    const one = Buffer.alloc(32);
    one[0] = 1;
    for (const point of [one, Buffer.alloc(32)]) {
      const key = publicKeyOf(point);
      expect(left(envelop(image, { ...options, sealFor: key }, ours))).to.deep.equal({
        tag: "NotAKey",
        text: key,
      });
    }
    expect(theirs.agree(Buffer.alloc(32))).to.equal(null);
  });
});

/** Altered before its seal, and signed by one who is trusted. */
const resigned = (bytes: Uint8Array, change: (copy: Uint8Array) => unknown): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  change(copy);
  const end = copy.length - 128;
  const digest = createHash("sha256").update(copy.subarray(0, end)).digest();
  copy.set(digest, end);
  copy.set(Buffer.from(theirs.publicKey.slice(8), "base64url"), end + 32);
  copy.set(theirs.sign(Buffer.concat([Buffer.from("cryonode container 1\n"), digest])), end + 64);
  return copy;
};
