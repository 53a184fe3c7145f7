// The record of a state directory, short and long: whatever was written is there, however its host ended.
import { appendFile, mkdir, mkdtemp, readFile, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { EntryBook } from "../../runtime/daemon/entry-book.ts";
import { UNBORN } from "../../runtime/daemon/entry-record.ts";

const withBook = async (
  act: (path: string, open: () => Promise<EntryBook>) => Promise<void>,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-book-"));
  const path = join(folder, "entries.json");
  try {
    await act(path, async () => {
      const book = await EntryBook.read(path);
      if (E.isLeft(book)) throw new Error(book.left.reason);
      return book.right;
    });
  } finally {
    await rm(folder, { recursive: true });
  }
};

const alive = (restarts: number) => ({ ...UNBORN, state: "alive" as const, restarts });

describe("the record of a state directory", () => {
  it("of many entries only what changes is written, and is there again", () =>
    withBook(async (path, open) => {
      const book = await open();
      await book.mark(true);
      await Promise.all(Array.from({ length: 500 }, (_, n) => book.set(`child-${n}`, alive(0))));
      const whole = (await readFile(path, "utf8")).length;
      for (let n = 1; n <= 20; n++) await book.set("child-7", alive(n));
      expect((await readFile(path, "utf8")).length).equal(whole);
      // The end of a line that was not finished.
      await appendFile(`${path}.changes`, '[1,"child-7",{"state":"al');
      const again = await open();
      expect(again.names).length(500);
      expect(again.get("child-7")?.restarts).equal(20);
      expect(again.crashed).equal(true);
      await again.mark(false);
      await again.set("child-7", alive(99));
      const third = await open();
      expect([third.get("child-7")?.restarts, third.crashed]).deep.equal([99, false]);
    }));

  it("changes that are left over from an earlier writing are not taken for later ones", () =>
    withBook(async (path, open) => {
      const book = await open();
      await book.mark(true);
      await Promise.all(Array.from({ length: 300 }, (_, n) => book.set(`child-${n}`, alive(0))));
      await book.set("child-1", alive(1));
      const stale = await readFile(`${path}.changes`, "utf8");
      await book.set("child-1", alive(2));
      await book.mark(false);
      await appendFile(`${path}.changes`, stale);
      expect((await open()).get("child-1")?.restarts).equal(2);
    }));

  it("what is amended is written with what is written next, or when that is asked for", () =>
    withBook(async (_path, open) => {
      const book = await open();
      await book.set("child-0", alive(0));
      book.amend("child-1", alive(1));
      expect((await open()).get("child-1")).equal(undefined);
      await book.set("child-0", alive(1));
      expect((await open()).get("child-1")?.restarts).equal(1);
      book.amend("child-1", alive(2));
      await book.flush();
      expect((await open()).get("child-1")?.restarts).equal(2);
    }));

  it("what could not be written is not remembered, once it is undone, nor written later", () =>
    withBook(async (path, open) => {
      const book = await open();
      await book.set("child-0", alive(0));
      const before = book.get("child-0");
      // Nothing can be put in its place.
      await rm(path);
      await mkdir(path);
      for (const name of ["child-0", "child-1"]) {
        const set = await book.set(name, alive(7));
        expect(E.isLeft(set)).equal(true);
      }
      book.undo("child-0", before);
      book.undo("child-1", undefined);
      expect([book.get("child-0")?.restarts, book.names]).deep.equal([0, ["child-0"]]);
      await rm(path, { recursive: true });
      await book.set("child-2", alive(0));
      const again = await open();
      expect([again.get("child-0")?.restarts, again.names]).deep.equal([0, ["child-0", "child-2"]]);
    }));

  it("fault 4: what could not be written is tried again by who asks that all is", () =>
    withBook(async (path, open) => {
      const book = await open();
      await book.set("child", alive(1));
      await rm(path);
      await mkdir(path);
      expect(E.isLeft(await book.set("child", alive(2)))).equal(true);
      expect(E.isLeft(await book.flush())).equal(true);
      await rmdir(path);
      expect(E.isRight(await book.flush())).equal(true);
      expect((await open()).get("child")?.restarts).equal(2);
    }));
});
