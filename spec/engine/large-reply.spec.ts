// Replies for which the memory must grow, in the middle of their delivery.
import { expect } from "chai";
import { Harness } from "../domain/harness.ts";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";

describe("a reply that makes the memory grow", () => {
  it("arrives as it is, text and bytes, whatever its size", async () => {
    const bytecode = await program(`
      const log = await env.session(c.Log);
      const files = await env.session(c.FileSystem, { label: "data" });
      for (const { name, size } of await files.list()) {
        const file = await files.open(name);
        const text = await file.readText();
        await file.seek(0);
        const bytes = await file.read(size);
        await log.write([name, typeof text, text.length, bytes instanceof Uint8Array, bytes.length].join());
      }
    `);
    const sizes = [1, 100, 5_000, 70_000, 300_000, 600_000, 1 << 20];
    const content = Object.fromEntries(sizes.map((size) => [`of ${size}`, "x".repeat(size)]));
    for (const of of [sizes, sizes.toReversed(), ...sizes.map((size) => [size])]) {
      const files = Object.fromEntries(of.map((size, at) => [`${at} of ${size}`, content[`of ${size}`]!]));
      const world = new World({ files: { data: files }, quota: { ram: 32 << 20, caps: 100 } });
      const harness = Harness.boot(bytecode, world);
      await harness.run();
      expect(world.log).deep.equal(of.map((size, at) => `${at} of ${size},string,${size},true,${size}`));
      expect(world.ending).deep.equal({ kind: "exited", code: 0 });
      await harness.drop();
    }
  });
});
