// What is remembered of children and what is kept of them, where the record can't be written.
import { mkdtemp, mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { EntryBook } from "../../runtime/daemon/entry-book.ts";
import { EntryKeeping } from "../../runtime/daemon/entry-keeping.ts";
import { UNBORN } from "../../runtime/daemon/entry-record.ts";
import type { StateFolder } from "../../runtime/daemon/state-folder.ts";
import type { Keeper } from "../../runtime/host/keeper.ts";

describe("daemon: what is kept of a child that has ended", () => {
  it("fault 4: is kept until it is written down that it has ended: the next host would begin it anew", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-keeping-"));
    const state = join(folder, "state");
    await mkdir(state);
    const path = join(state, "entries.json");
    const read = await EntryBook.read(path);
    if (E.isLeft(read)) throw new Error(read.left.reason);
    const book = read.right;
    const forgotten: string[] = [];
    const told: string[] = [];
    const keeping = new EntryKeeping({
      book,
      folder: { image: (name: string) => join(state, name), shorten: (name: string) => name } as StateFolder,
      keeper: {
        forget: (_name: string, identity: string) => {
          forgotten.push(identity);
          return Promise.resolve(E.right(undefined));
        },
      } as unknown as Keeper,
      warn: (_name, text) => void told.push(text),
    });
    try {
      for (const name of ["one", "two"])
        await keeping.note(name, { ...UNBORN, state: "alive", identity: `identity of ${name}` });
      await rm(state, { recursive: true });
      await keeping.over("one", { state: "exited", code: 0 });
      expect(told).to.have.length(1);
      expect(forgotten).to.deep.equal([]);
      await mkdir(state);
      await keeping.over("two", { state: "exited", code: 0 });
      expect(forgotten.toSorted()).to.deep.equal(["identity of one", "identity of two"]);
      const again = await EntryBook.read(path);
      if (E.isLeft(again)) throw new Error(again.left.reason);
      expect(again.right.get("one")).to.include({ state: "exited" });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
