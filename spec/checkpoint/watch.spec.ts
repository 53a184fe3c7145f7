// Watches that come back, and tell what has changed while nobody looked.
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { Harness } from "../domain/harness.ts";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import { inTemporaryFolder } from "../image/temporary-folder.ts";

/** Watches a path three times, and says what it is told. */
const watcher = (path: string, deep: boolean): Promise<Uint8Array> =>
  program(`
  const log = await env.session(c.Log);
  const files = await env.session(c.FileSystem, { label: "data" });
  await log.write("ready");
  try {
    for (let i = 0; i < 3; i++) {
      const changes = await files.watch(${JSON.stringify(path)}, { deep: ${deep} });
      await log.write(changes.map(({ path, kind, change }) => change + " " + kind + " " + path).join(", "));
    }
  } catch (error) {
    await log.write((error as Error).message);
    await env.session(c.Timer).then((timer) => timer.sleep(1e9));
  }`);

const at = (folder: string, path: string): string => join(folder, path);

const TREE = ["a", "d/b", "d/e/c", "d/e/f/g"];

const plant = (folder: string): void => {
  for (const path of TREE) {
    mkdirSync(at(folder, join(path, "..")), { recursive: true });
    writeFileSync(at(folder, path), path);
  }
};

interface Change {
  readonly what: string;
  readonly path: string;
  readonly deep?: true;
  readonly act: (folder: string) => void;
  readonly told: string;
  /** Why it can't be watched any further. */
  readonly end?: string;
}

const CHANGES: readonly Change[] = [
  {
    what: "a file, changed",
    path: "d/e/c",
    act: (folder) => writeFileSync(at(folder, "d/e/c"), "other content"),
    told: "changed file d/e/c",
  },
  {
    what: "a file, only touched",
    path: "a",
    act: (folder) => utimesSync(at(folder, "a"), 1, 1),
    told: "changed file a",
  },
  {
    what: "a file that was removed with the directories it lay in",
    path: "d/e/f/g",
    act: (folder) => rmSync(at(folder, "d"), { recursive: true }),
    told: "removed file d/e/f/g",
    end: "d does not exist",
  },
  {
    what: "a name that had none, created",
    path: "new",
    act: (folder) => writeFileSync(at(folder, "new"), ""),
    told: "created file new",
  },
  {
    what: "a file, replaced by a link, which is nothing to be opened",
    path: "a",
    act(folder) {
      rmSync(at(folder, "a"));
      symlinkSync("d/b", at(folder, "a"));
    },
    told: "removed file a",
    end: '"a" is not a path of this provider: "a" is a symbolic link',
  },
  {
    what: "a directory: created, changed and removed in it",
    path: "d",
    act(folder) {
      writeFileSync(at(folder, "d/new"), "");
      writeFileSync(at(folder, "d/b"), "B, longer");
      rmSync(at(folder, "d/e"), { recursive: true });
    },
    told: "changed file d/b, removed directory d/e, created file d/new",
  },
  {
    what: "a directory, everything below: created, changed and removed at any depth",
    path: "",
    deep: true,
    act(folder) {
      mkdirSync(at(folder, "d/e/x/y"), { recursive: true });
      writeFileSync(at(folder, "d/e/x/y/z"), "");
      writeFileSync(at(folder, "d/e/c"), "C, longer");
      rmSync(at(folder, "d/e/f"), { recursive: true });
    },
    told:
      "changed file d/e/c, removed directory d/e/f, removed file d/e/f/g, " +
      "created directory d/e/x, created directory d/e/x/y, created file d/e/x/y/z",
  },
  {
    what: "a directory that was moved away, another in its place",
    path: "d",
    deep: true,
    act(folder) {
      renameSync(at(folder, "d"), at(folder, "moved"));
      mkdirSync(at(folder, "d/e"), { recursive: true });
      writeFileSync(at(folder, "d/e/c"), "as long");
    },
    told: "removed file d/b, changed file d/e/c, removed directory d/e/f, removed file d/e/f/g",
  },
  {
    what: "a directory that became a file",
    path: "d",
    act(folder) {
      rmSync(at(folder, "d"), { recursive: true });
      writeFileSync(at(folder, "d"), "");
    },
    told: "removed directory d, created file d, removed file d/b, removed directory d/e",
  },
];

/** Takes the turns that are to be taken now. */
const turns = async (harness: Harness): Promise<void> => {
  while (!harness.domain.idle) await harness.advance();
};

describe("watches across a freeze", () => {
  for (const { what, path, deep = false, act, told, end } of CHANGES)
    it(`tell of ${what} while it was frozen`, () =>
      inTemporaryFolder(async (data) => {
        plant(data);
        const world = new World({ directories: { data } });
        const harness = Harness.boot(await watcher(path, deep), world);
        await harness.run();
        await harness.refreeze();
        await harness.run();
        expect(world.log, "nothing has changed yet").deep.equal(["ready"]);
        const frozen = await harness.freeze();
        act(data);
        const revived = await harness.revive(frozen);
        if (E.isLeft(revived)) throw new Error(JSON.stringify(revived.left));
        const log = ["ready", told, ...(end === undefined ? [] : [end])];
        await turns(harness);
        expect(world.log).deep.equal(log);
        // What was told is not told again, be it frozen or not.
        await harness.refreeze();
        await turns(harness);
        expect(world.log).deep.equal(log);
        await harness.drop();
      }));

  it("need no more of the host than they did: revived over files in memory, they tell the same", async () => {
    const files = Object.fromEntries(TREE.map((path) => [path, path]));
    const world = new World({ files: { data: files } });
    const harness = Harness.boot(await watcher("d", true), world);
    await harness.run();
    const frozen = await harness.freeze();
    const provider = world.files.get("data")!;
    provider.unlink("d/e/f/g");
    provider.move("d/e/f", "d/h");
    const revived = await harness.revive(frozen);
    expect(E.isRight(revived)).equal(true);
    await harness.run();
    const told = "removed directory d/e/f, removed file d/e/f/g, created directory d/h";
    expect(world.log).deep.equal(["ready", told]);
    await harness.drop();
  });

  it("fault 21: what the routes no longer show is not told", () =>
    inTemporaryFolder(async (data) => {
      plant(data);
      const world = new World({ directories: { data } });
      const harness = Harness.boot(await watcher("d", true), world);
      await harness.run();
      const frozen = await harness.freeze();
      writeFileSync(at(data, "d/secret"), "");
      const routes = [
        { service: "File_system", rights: ["read"] as const },
        { service: "LOG" },
        { service: "Timer" },
      ];
      const revived = await harness.revive(frozen, { routes });
      expect(E.isRight(revived)).equal(true);
      await turns(harness);
      expect(world.log).deep.equal(["ready", 'File_system "data" is denied: the right "list" is missing']);
      await harness.drop();
      expect(readdirSync(data).length).equal(2);
    }));
});
