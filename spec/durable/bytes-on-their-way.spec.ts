// Law 3 for bytes: what a call that is on its way carries is no view on a memory that is written to meanwhile, or is
// another machine's by the time that it leaves.
import { expect } from "chai";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import { DurableChild } from "./durable-child.ts";

const WRITES_TWICE = `
const data = await env.session(c.FileSystem, { label: "data" });
const [first, second] = [
  await data.open("first.txt", { write: true, create: true }),
  await data.open("second.txt", { write: true, create: true }),
];
const written = first.write(new TextEncoder().encode("apples"));
await null;
await (await env.session(c.Timer)).sleep(5);
await Promise.all([written, second.write(new TextEncoder().encode("quince"))]);
env.exit(0);
`;

const HARVEST = { "first.txt": "apples", "second.txt": "quince" };

/** Up to where both writes wait for the journal. */
const underWay = async (): Promise<DurableChild> => {
  const child = await DurableChild.boot(await program(WRITES_TWICE), new World({ files: { data: {} } }));
  await child.until(() => child.world.outputs().files["data"]?.["second.txt"] !== undefined);
  child.file.hold();
  await child.until(
    () => [...child.domain.pending].filter(({ entry }) => entry.name === "write").length === 2,
  );
  return child;
};

const harvested = async (child: DurableChild): Promise<void> => {
  child.file.release();
  await child.until(() => child.world.ending !== null);
  expect(child.world.outputs().files["data"]).deep.equal(HARVEST);
  await child.crash();
};

describe("bytes on their way to a file", () => {
  it("law 3: are in a checkpoint as they were called with, whatever was called since", async () => {
    const child = await underWay();
    await child.checkpoint();
    await child.crash();
    await child.recover();
    await harvested(child);
  });

  it("law 3: are written by a recovery as they were called with, whoever has the machine that said so", async () => {
    const child = await underWay();
    child.write();
    await child.crash();
    await child.recover();
    await harvested(child);
  });
});
