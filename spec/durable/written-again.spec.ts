// Law 3 where the power goes: what was written and is lost is written again before anything finds its place behind it.
import { expect } from "chai";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import { DurableChild } from "./durable-child.ts";

const LINES = `
const data = await env.session(c.FileSystem, { label: "data" });
const file = await data.open("lines.txt", { write: true, create: true, append: true });
for (const line of ["one\\n", "two\\n", "three\\n"]) await file.write(line);
`;

describe("what a loss of power has undone", () => {
  it("fault 3: is made again before a call that is under way is issued again, and takes its place", async () => {
    const world = new World({ files: { data: {} } });
    const child = await DurableChild.boot(await program(LINES), world);
    const lines = (): string | undefined => world.outputs().files["data"]?.["lines.txt"];
    await child.until(() => lines() === "one\ntwo\n");
    // The third is called, and can't leave.
    child.file.hold();
    await child.advance();
    child.write();
    await child.crash();
    const issued: number[] = [];
    const { snapshot } = await child.recover("kept", true, (domain) => {
      issued.push([...domain.pending].length);
    });
    expect(snapshot.calls.map(({ method }) => method)).deep.equal(["write"]);
    expect(issued).deep.equal([0]);
    await child.until(() => child.domain.state !== "running");
    expect(lines()).equal("one\ntwo\nthree\n");
    await child.crash();
  });
});
