// The log of a child that is kept: two files, of which the older goes; and places in it that stay what they are.
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { readLog } from "../../runtime/daemon/log-reader.ts";
import { KeptLog } from "../../runtime/shard/kept-log.ts";

const inFolder = async (play: (folder: string) => void | Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "cryonode-kept-log-"));
  try {
    await play(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const read = async (folder: string): Promise<readonly string[]> => {
  const found: string[] = [];
  const { signal } = new AbortController();
  const line = (text: string): void => void found.push(text);
  await readLog({ folder, child: "a", lines: null, follow: false, signal, line });
  return found;
};

const entry = (n: number): string => `entry ${String(n).padStart(3, "0")}`;
const opened = (folder: string, bytes = 200): KeptLog => new KeptLog(join(folder, "a.log"), bytes, () => {});

describe("shard: the log of a child that is kept", () => {
  it("takes no more of the disk than it may: the oldest goes, and what is left is whole", () =>
    inFolder(async (folder) => {
      const log = opened(folder);
      for (let n = 0; n < 100; n++) log.writeAt(entry(n), log.end());
      expect(log.end()).to.equal(100 * 10);
      log.close();
      expect(readdirSync(folder).sort()).to.deep.equal(["a.log", "a.log.1"]);
      for (const name of ["a.log", "a.log.1"]) expect(statSync(join(folder, name)).size).to.be.at.most(150);
      const kept = await read(folder);
      expect(kept.length).to.be.at.least(10);
      expect(kept).to.deep.equal(kept.map((_, at) => entry(100 - kept.length + at)));
    }));

  it("law 3: entries at planned places, written again after any crash, are there once and in order", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 0, max: 3 }),
        (written, again, ahead) =>
          inFolder(async (folder) => {
            const first = opened(folder);
            // Those that were planned together may be written in any order.
            for (let n = 0; n < written; n += 1 + ahead)
              for (let m = Math.min(n + ahead, written - 1); m >= n; m--) first.writeAt(entry(m), m * 10);
            first.close();
            const next = opened(folder);
            expect(next.end()).to.equal(written * 10);
            for (let m = Math.max(0, written - again); m < written; m++) next.writeAt(entry(m), m * 10);
            for (let n = written; n < written + 5; n++) next.writeAt(entry(n), next.end());
            next.close();
            const kept = await read(folder);
            const total = written + 5;
            expect(kept.length).to.be.at.least(Math.min(total, 10));
            expect(kept).to.deep.equal(kept.map((_, at) => entry(total - kept.length + at)));
          }),
      ),
      { numRuns: 60 },
    ));

  it("goes on where a crash came between the two renamings", () =>
    inFolder(async (folder) => {
      const log = opened(folder);
      for (let n = 0; n < 10; n++) log.writeAt(entry(n), log.end());
      log.close();
      // Full, and renamed; the one that follows was not yet.
      renameSync(join(folder, "a.log"), join(folder, "a.log.next"));
      const next = opened(folder);
      expect(next.end()).to.equal(100);
      for (let n = 10; n < 13; n++) next.writeAt(entry(n), next.end());
      next.close();
      expect(await read(folder)).to.deep.equal(Array.from({ length: 13 }, (_, n) => entry(n)));
    }));

  it("a log of before, which says nothing of where it begins, begins at its beginning", () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, "a.log"), "one\ntwo\n");
      const log = opened(folder);
      expect(log.end()).to.equal(8);
      log.writeAt("three", 8);
      log.close();
      expect(readFileSync(join(folder, "a.log"), "utf8")).to.equal("one\ntwo\nthree\n");
    }));
});
