// A program moves a child from one of its hosts to another.
import { expect } from "chai";
import { COUNT, COUNTED, COUNTED_LINES, factsOf, onStage } from "../host/stage.ts";

describe("embedding: a child that moves to another host", () => {
  it("goes on there at its await, with its open file", () =>
    onStage(async ({ folder, start, another, read, log, host }) => {
      const there = await another({ name: "there", files: { data: { directory: `${folder}/data` } } });
      const seen: string[] = [];
      there.on("log", ({ text }) => seen.push(text));
      const child = await start("counter", COUNT);
      await child.until({ log: "count 3" });
      const [moved] = await host.migrate([child], there);
      expect(await child.ended).to.deep.equal({ kind: "frozen" });
      expect(moved!.child.generation).to.equal(2);
      expect(await moved!.child.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect([...log("counter"), ...seen]).to.deep.equal(COUNTED);
      expect(await read("data/count.txt")).to.equal(COUNTED_LINES);
    })());

  it("law 7: is refused with all that is missing, and goes on where it is", () =>
    onStage(async ({ start, another, read, host }) => {
      const bare = await another({ name: "bare", ram: "1M" });
      const child = await start("counter", COUNT);
      await child.until({ log: "count 3" });
      const facts = await factsOf(host.migrate(["counter"], bare));
      expect(facts).to.have.nested.property("error.tag", "Lacking");
      const { lacks } = (
        facts as { readonly error: { readonly lacks: readonly { readonly what: string }[] } }
      ).error;
      expect(lacks.map(({ what }) => what)).to.deep.equal(["ram", "File_system"]);
      child.go();
      expect(await child.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(await read("data/count.txt")).to.equal(COUNTED_LINES);
    })());

  it("law 7: comes back where the other host lets it come and its handle can't be had there", () =>
    onStage(async ({ start, another, read, host, folder }) => {
      const other = await another({ name: "other", files: { data: { directory: `${folder}/elsewhere` } } });
      const child = await start("counter", COUNT);
      await child.until({ log: "count 3" });
      const { free } = other;
      const facts = await factsOf(host.migrate(["counter"], other));
      expect(facts.tag).to.equal("Migrate");
      expect(other.free).to.deep.equal(free);
      const again = host.child("counter")!;
      again.go();
      expect(await again.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(await read("data/count.txt")).to.equal(COUNTED_LINES);
    })());
});
