// What children wrote, in files that outlive the host, and how it is read while more is written.
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ChildLog, logPath } from "../../runtime/daemon/child-log.ts";
import { hasLog, readLog } from "../../runtime/daemon/log-reader.ts";
import { KeptLog } from "../../runtime/shard/kept-log.ts";

interface Desk {
  readonly folder: string;
  readonly log: () => ChildLog;
  readonly failures: readonly string[];
  readonly read: (lines?: number) => Promise<readonly string[]>;
}

const inFolder = (play: (desk: Desk) => Promise<void>) => async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-logs-"));
  const failures: string[] = [];
  const logs: ChildLog[] = [];
  try {
    await play({
      folder,
      failures,
      log: () => {
        const made = new ChildLog({ folder, child: "a", failed: (reason) => failures.push(reason) });
        logs.push(made);
        return made;
      },
      read: async (lines) => {
        const found: string[] = [];
        const { signal } = new AbortController();
        await readLog({
          folder,
          child: "a",
          lines: lines ?? null,
          follow: false,
          signal,
          line: (text) => found.push(text),
        });
        return found;
      },
    });
  } finally {
    for (const each of logs) each.close();
    await rm(folder, { recursive: true, force: true });
  }
};

describe("daemon: the logs of children", () => {
  it(
    "keeps entries in order, over several hosts, mode 0600",
    inFolder(async ({ folder, log, read }) => {
      expect(await hasLog(folder, "a")).to.equal(false);
      const first = log();
      first.append("one");
      first.append("two\nlines");
      first.close();
      const second = log();
      second.append("three");
      second.flush();
      expect(await read()).to.deep.equal(["one", "two", "lines", "three"]);
      expect(await read(2)).to.deep.equal(["lines", "three"]);
      expect(await read(0)).to.deep.equal([]);
      expect((await stat(logPath(folder, "a"))).mode & 0o777).to.equal(0o600);
      expect(await hasLog(folder, "a")).to.equal(true);
    }),
  );

  it(
    "is written by the next round of the event loop",
    inFolder(async ({ folder, log }) => {
      log().append("one");
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      expect(await readFile(logPath(folder, "a"), "utf8")).to.equal("one\n");
    }),
  );

  it(
    "an entry that a crash tore does not run into the next one",
    inFolder(async ({ folder, log, read }) => {
      await writeFile(logPath(folder, "a"), "whole\nto");
      const made = log();
      made.append("next");
      made.flush();
      expect(await read()).to.deep.equal(["whole", "to", "next"]);
    }),
  );

  it(
    "says once that it can't be kept, and goes on when it can",
    inFolder(async ({ folder, log, failures, read }) => {
      await rm(folder, { recursive: true });
      const made = log();
      made.append("lost");
      made.flush();
      made.append("lost as well");
      made.flush();
      expect(failures).to.have.lengthOf(1);
      expect(failures[0]).to.contain("ENOENT");
      await import("node:fs/promises").then(({ mkdir }) => mkdir(folder));
      made.append("kept");
      made.flush();
      expect(await read()).to.deep.equal(["kept"]);
    }),
  );

  it(
    "is followed, across files that are full, until told otherwise",
    inFolder(async ({ folder }) => {
      const stop = new AbortController();
      const found: string[] = [];
      let reached!: () => void;
      let wanted = "";
      const until = (text: string): Promise<void> =>
        new Promise((resolve) => {
          wanted = text;
          reached = resolve;
          if (found.includes(text)) resolve();
        });
      const following = readLog({
        folder,
        child: "a",
        lines: 1,
        follow: true,
        signal: stop.signal,
        line: (text) => {
          found.push(text);
          if (text === wanted) reached();
        },
      });
      const made = new KeptLog(logPath(folder, "a"), 128, () => {});
      const write = (text: string): void => void made.writeAt(text, made.end());
      write("first");
      await until("first");
      // Half a line is not a line yet.
      await appendFile(logPath(folder, "a"), "sec");
      await appendFile(logPath(folder, "a"), "ond ü");
      await appendFile(logPath(folder, "a"), "\n");
      await until("second ü");
      for (let n = 0; n < 20; n++) {
        write(`entry ${n}`);
        await until(`entry ${n}`);
      }
      // A file that has come and gone before anybody looked.
      for (let n = 20; n < 29; n++) write(`entry ${n}`);
      await until("entry 28");
      stop.abort();
      await following;
      made.close();
      expect(found).to.deep.equal([
        "first",
        "second ü",
        ...Array.from({ length: 29 }, (_, n) => `entry ${n}`),
      ]);
    }),
  );
});
