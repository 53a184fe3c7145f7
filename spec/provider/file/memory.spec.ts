import { expect } from "chai";
import type { OpenMode } from "../../../runtime/provider/file/file-provider.ts";
import { memoryFiles } from "../../../runtime/provider/file/memory.ts";
import { left, leftTag, right } from "../outcome.ts";
import { fileProviderSuite } from "../../../suite/file-provider.ts";

const readWrite: OpenMode = { read: true, write: true, create: true, append: false, truncate: false };

describe("memory files", () => {
  describe("as every provider's", () => fileProviderSuite({ setup: () => memoryFiles({ name: "data" }) }));

  it("begin with the content given, and show what became of it", () => {
    const files = memoryFiles({ name: "data", content: { "b/c.txt": "text", a: new Uint8Array([1, 2]) } });
    right(files.unlink("a"));
    const file = right(files.open("b/d", readWrite));
    right(file.write(new Uint8Array([7]), null));
    const snapshot = files.snapshot();
    right(file.write(new Uint8Array([8]), 0));
    expect([...snapshot.keys()]).to.deep.equal(["b/c.txt", "b/d"]);
    expect(snapshot.get("b/d")).to.deep.equal(new Uint8Array([7]));
    expect(() => memoryFiles({ name: "data", content: { "../x": "" } })).to.throw("InvalidPath");
  });

  it("have no room beyond their bound, and get back what is removed, cut and closed", () => {
    const files = memoryFiles({ name: "data", limit: 100 });
    const [a, b] = [right(files.open("a", readWrite)), right(files.open("b", readWrite))];
    right(a.write(new Uint8Array(60), 0));
    right(b.write(new Uint8Array(40), 0));
    expect(left(b.write(new Uint8Array(1), null))).to.deep.equal({ tag: "NoSpace", path: "b" });
    expect(leftTag(b.write(new Uint8Array(1), 2 ** 50))).to.equal("NoSpace");
    expect(leftTag(b.truncate(41))).to.equal("NoSpace");
    expect(right(b.stat()).size).to.equal(40);
    right(b.write(new Uint8Array(40), 0));
    right(files.unlink("a"));
    expect(leftTag(b.write(new Uint8Array(1), null))).to.equal("NoSpace");
    a.close();
    right(b.truncate(100));
    right(b.truncate(10));
    right(right(files.open("c", readWrite)).write(new Uint8Array(90), 0));
  });

  it("have a bound for names too", () => {
    const files = memoryFiles({ name: "data", names: 2 });
    right(files.mkdir("d"));
    right(files.open("d/a", readWrite)).close();
    expect(leftTag(files.open("b", readWrite))).to.equal("NoSpace");
    expect(leftTag(files.mkdir("e"))).to.equal("NoSpace");
    right(files.move("d/a", "b"));
    right(files.unlink("d"));
    right(files.open("d", readWrite)).close();
  });

  it("show each change in the modification time, under a clock that stands still", () => {
    const files = memoryFiles({ name: "data", now: () => 1_700_000_000_000 });
    const file = right(files.open("a", readWrite));
    const seen = new Set<string>();
    for (let i = 0; i < 50; i++) {
      right(file.write(new Uint8Array([1]), 0));
      seen.add(right(file.identity(0)).modifiedNs);
    }
    expect(seen.size).to.equal(50);
  });
});
