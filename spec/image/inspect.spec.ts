import { expect } from "chai";
import { encodeImage } from "../../runtime/image/container.ts";
import { inspect } from "../../runtime/image/inspect.ts";
import { encodeMemory } from "../../runtime/image/memory.ts";
import { openImage } from "../../runtime/image/open-image.ts";
import { right } from "./either.ts";
import { base, changed, child, manifest, ours, sampleImage } from "./sample-image.ts";

describe("inspecting an image", () => {
  it("tells what is in it", () => {
    const image = sampleImage();
    const sealed = right(openImage(image, "any"));
    const summary = inspect(sealed);
    expect(summary).to.include({
      format: 1,
      created: "2023-11-14T22:13:20.000Z",
      host: "here",
      key: ours.publicKey,
      fileBytes: image.length,
    });
    expect(summary.children.map(({ label }) => label)).to.deep.equal(["init -> one", "init -> two"]);
    const [one] = summary.children;
    expect(one).to.include({ generation: 3, ledger: sealed.manifest.children[0]?.ledger });
    expect(one?.memory).to.include({ bytes: 196608, whole: false });
    expect(one?.memory.chunks).to.deep.equal({ zero: 0, deflate: 1, raw: 0 });
    const stored = summary.children.reduce((sum, { memory }) => sum + memory.storedBytes, 0);
    expect(stored).to.equal(summary.sections.chunks);
  });

  it("fault 26: shows nothing of what is in memory", () => {
    const memory = changed(1);
    const secret = "correct horse battery staple";
    memory.set(Buffer.from(secret), 70000);
    const one = { ...manifest, children: [child("one")] };
    for (const from of [base, null]) {
      const image = right(encodeImage(one, [encodeMemory(memory, from)], ours));
      const shown = JSON.stringify(inspect(right(openImage(image, "any"))));
      for (const form of ["utf8", "hex", "base64"] as const)
        expect(shown).not.to.include(Buffer.from(secret).toString(form));
    }
  });

  it("takes any time that the manifest's codec takes", () => {
    const late = { ...manifest, created: 8.64e15, children: [child("one")] };
    const image = right(encodeImage(late, [encodeMemory(changed(1), base)], ours));
    expect(inspect(right(openImage(image, "any"))).created).to.equal("+275760-09-13T00:00:00.000Z");
  });
});
