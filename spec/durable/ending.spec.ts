// Law 3 at the end of a component: that it has exited is told when nothing can undo what it did any more.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import { DurableChild } from "./durable-child.ts";

const LAST_WORDS = `
const data = await env.session(c.FileSystem, { label: "data" });
const file = await data.open("will.txt", { write: true, create: true });
await file.write("all to the cat");
env.exit(7);
`;

const EXITED = { kind: "exited", code: 7 } as const;

/** A world that notes each sync of a file, and whether the component's end had been told by then. */
const noting = (): { readonly world: World; readonly syncs: boolean[] } => {
  const world = new World({ files: { data: {} } });
  const syncs: boolean[] = [];
  const files = world.files.get("data")!;
  const open = files.open.bind(files);
  files.open = (path, mode) => {
    const opened = open(path, mode);
    if (E.isLeft(opened)) return opened;
    const sync = opened.right.sync.bind(opened.right);
    opened.right.sync = () => {
      syncs.push(world.ending !== null);
      return sync();
    };
    return opened;
  };
  return { world, syncs };
};

/** Until its last turn is over. */
const toItsEnd = (child: DurableChild): Promise<void> =>
  child.until(() => {
    // From the answer to its last call on, no sync of the journal is done.
    if (child.world.outputs().files["data"]?.["will.txt"] === "all to the cat") child.file.hold();
    return child.domain.state !== "running";
  });

describe("a durable component that ends", () => {
  it("law 3: is not over before its records and its files are on stable storage", async () => {
    const { world, syncs } = noting();
    const child = await DurableChild.boot(await program(LAST_WORDS), world);
    await toItsEnd(child);
    expect(world.ending).equal(null);
    child.file.release();
    await child.until(() => world.ending !== null);
    expect(world.ending).deep.equal(EXITED);
    expect(syncs).deep.equal([false]);
    await child.crash();
  });

  it("law 3: crashed after its last turn, it sees to what it has written, and then it is over", async () => {
    const { world, syncs } = noting();
    const child = await DurableChild.boot(await program(LAST_WORDS), world);
    await toItsEnd(child);
    child.write();
    await child.crash();
    syncs.length = 0;
    const { exited } = await child.recover();
    expect(exited).equal(7);
    await child.until(() => world.ending !== null);
    expect(world.ending).deep.equal(EXITED);
    expect(syncs).deep.equal([false]);
    expect(world.outputs().files).deep.equal({ data: { "will.txt": "all to the cat" } });
    await child.crash();
  });
});
