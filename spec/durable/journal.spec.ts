// The files of a journal, where making one or reading one fails.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { Journal } from "../../runtime/durable/journal/journal.ts";

describe("durable: the files of a journal", () => {
  let folder: string;
  let journal: Journal;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "cryonode-journal-"));
    const opened = Journal.open(folder);
    if (E.isLeft(opened)) throw new Error(opened.left.code);
    journal = opened.right;
  });
  afterEach(() => {
    journal.close();
    rmSync(folder, { recursive: true });
  });
  const path = (file: number): string => join(folder, `${String(file).padStart(10, "0")}.journal`);

  it("fault 4: the next one is begun where a try before it failed behind making it", () => {
    writeFileSync(path(2), "");
    const former = journal.turnOver();
    if (E.isLeft(former)) throw new Error(`${former.left.step}: ${former.left.code}`);
    journal.closeFormer(former.right);
    expect(journal.current).to.equal(2);
    writeSync(journal.descriptor, "first");
    writeSync(journal.descriptor, "second");
    expect(readFileSync(path(2), "utf8")).to.equal("firstsecond");
  });

  it("fault 4: one that can't be made or read is told, and brings nobody down", () => {
    mkdirSync(path(2));
    expect(journal.turnOver()).to.have.nested.property("left.code", "EISDIR");
    expect(journal.current).to.equal(1);
    expect(E.isRight(journal.scan())).to.equal(true);
    rmSync(path(1));
    mkdirSync(path(1));
    expect(journal.scan()).to.have.nested.property("left.code", "EISDIR");
  });
});
