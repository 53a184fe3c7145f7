import { readFileSync } from "node:fs";
import { expect } from "chai";
import { encode } from "../../runtime/image/cbor.ts";
import { decode, openImage } from "../../runtime/image/open-image.ts";
import { parsePublicKey } from "../../runtime/image/public-key.ts";
import { right } from "./either.ts";
import {
  goldenBase,
  goldenBaseHash,
  goldenEngine,
  goldenKey,
  goldenManifest,
  goldenMemories,
  goldenPath,
} from "./golden-image.ts";

describe("the golden image of format 1", () => {
  const trust = [right(parsePublicKey(goldenKey))];
  const platform = {
    engines: [goldenEngine],
    base: (hash: string) => (hash === goldenBaseHash ? goldenBase : null),
  };
  const sealed = right(openImage(readFileSync(goldenPath), trust));

  it("fault 27: still decodes to what it was made of", () => {
    expect(sealed.manifest).to.deep.equal(goldenManifest);
    const { memories } = right(decode(sealed, platform));
    memories.forEach((memory, i) => expect(Buffer.compare(memory, goldenMemories[i]!)).to.equal(0));
  });

  it("fault 27: holds chunks of every kind, over a base and alone", () => {
    const kinds = sealed.memories.map(({ chunks }) => chunks.map(({ kind }) => kind));
    expect(kinds).to.deep.equal([["deflate"], ["zero", "raw"], ["deflate"]]);
    expect(sealed.memories.map(({ whole }) => whole)).to.deep.equal([false, false, true]);
  });

  // Not so the chunks: zlib may deflate otherwise on another processor.
  it("fault 28: its manifest encodes to the same bytes", () => {
    expect(Buffer.compare(encode(sealed.manifest), sealed.authentic.manifest)).to.equal(0);
  });
});
