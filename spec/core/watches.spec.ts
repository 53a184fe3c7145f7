// What a File_system session tells of the paths that it watches, over files in memory and over real ones.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { makeFileSystem, type FileSystemObject } from "../../runtime/core/file-system.ts";
import { directoryFiles } from "../../runtime/provider/file/directory.ts";
import type { FileProvider, FileRight } from "../../runtime/provider/file/file-provider.ts";
import { memoryFiles } from "../../runtime/provider/file/memory.ts";
import { left, right } from "../provider/outcome.ts";
import type { Eventually } from "../../runtime/core/service.ts";
import type { FileChange } from "../../lib/session/file-system.ts";

const ALL: readonly FileRight[] = ["read", "write", "create", "remove", "list"];

const put = (files: FileProvider, path: string, text: string): void => {
  const mode = { read: false, write: true, create: true, append: false, truncate: true };
  const file = right(files.open(path, mode));
  right(file.write(Buffer.from(text), 0));
  file.close();
};

const session = (files: FileProvider, rights = ALL): FileSystemObject =>
  makeFileSystem(files, new Set(rights), "strict", null);

/** What a watch answered, one text a change. */
const told = async (watch: Eventually<readonly FileChange[]>): Promise<readonly string[]> =>
  right(await watch).map(({ path, kind, change }) => `${change} ${kind} ${path}`);

/** Rests until what was changed before has been told to whoever listens. */
const quiet = async (files: FileProvider): Promise<void> => {
  await new Promise<void>((resolve) => {
    const stop = right(
      files.watch("", () => {
        stop();
        resolve();
      }),
    );
    put(files, "witness", "");
    right(files.unlink("witness"));
  });
};

const suite = (setup: () => FileProvider): void => {
  let files: FileProvider;
  let fs: FileSystemObject;
  beforeEach(() => {
    files = setup();
    for (const path of ["d", "d/e"]) right(files.mkdir(path));
    for (const path of ["a", "d/b", "d/e/c"]) put(files, path, path);
    fs = session(files);
  });
  afterEach(() => {
    void fs.life?.release?.();
    files.close();
  });

  it("tells of a file that it has changed, gone, and come", async () => {
    const changed = fs.watch("a");
    put(files, "a", "longer");
    expect(await told(changed)).deep.equal(["changed file a"]);
    const gone = fs.watch("a");
    right(files.unlink("a"));
    expect(await told(gone)).deep.equal(["removed file a"]);
    const come = fs.watch("a");
    put(files, "a", "again");
    expect(await told(come)).deep.equal(["created file a"]);
  });

  it("tells of a directory what came, changed and went in it, and nothing of what lies deeper", async () => {
    const watch = fs.watch("d");
    put(files, "d/e/new", "");
    right(files.unlink("d/e/c"));
    await quiet(files);
    put(files, "d/b", "B");
    put(files, "d/new", "");
    right(files.move("d/e", "d/f"));
    // It may be told in pieces.
    const all = [...(await told(watch))];
    while (all.length < 4) all.push(...(await told(fs.watch("d"))));
    expect(all.sort()).deep.equal([
      "changed file d/b",
      "created directory d/f",
      "created file d/new",
      "removed directory d/e",
    ]);
  });

  it("tells of everything below, where it is asked to watch deeply", async () => {
    const deep = { deep: true };
    const inside = fs.watch("", deep);
    put(files, "d/e/c", "longer than before");
    expect(await told(inside)).deep.equal(["changed file d/e/c"]);
    const more = fs.watch(".", deep);
    right(files.mkdir("d/e/g"));
    expect(await told(more)).deep.equal(["created directory d/e/g"]);
    const inNew = fs.watch(".", deep);
    put(files, "d/e/g/h", "");
    expect(await told(inNew)).deep.equal(["created file d/e/g/h"]);
    const gone = fs.watch("d", deep);
    right(files.move("d/e", "elsewhere"));
    expect(await told(gone)).deep.equal([
      "removed directory d/e",
      "removed file d/e/c",
      "removed directory d/e/g",
      "removed file d/e/g/h",
    ]);
  });

  it("tells that a directory has gone, that it is a file now, and that it is one again", async () => {
    right(files.mkdir("x"));
    const gone = fs.watch("x");
    right(files.unlink("x"));
    expect(await told(gone)).deep.equal(["removed directory x"]);
    const come = fs.watch("x");
    put(files, "x", "");
    expect(await told(come)).deep.equal(["created file x"]);
    right(files.unlink("x"));
    right(files.mkdir("x"));
    expect(await told(fs.watch("x"))).deep.equal(["removed file x", "created directory x"]);
  });

  it("answers at once, with what has changed since the last time", async () => {
    const first = fs.watch("d");
    put(files, "d/b", "once");
    await told(first);
    put(files, "d/b", "and again");
    right(files.unlink("d/e/c"));
    right(files.unlink("d/e"));
    expect(await told(fs.watch("d"))).deep.equal(["changed file d/b", "removed directory d/e"]);
  });

  it("answers all who wait for the same path", async () => {
    const [one, two] = [fs.watch("a"), fs.watch("a")];
    put(files, "a", "longer");
    expect(await told(one)).deep.equal(["changed file a"]);
    expect(await told(two)).deep.equal(["changed file a"]);
  });

  it("keeps for the next call what nobody waits for any more", async () => {
    const waiting = fs.watch("a") as Promise<unknown>;
    fs.life?.cancel?.(waiting);
    put(files, "a", "longer");
    await quiet(files);
    expect(await told(fs.watch("a"))).deep.equal(["changed file a"]);
  });

  it("answers nobody while it is suspended, and all when it goes on", async () => {
    let answered = false;
    const watch = fs.watch("a") as Promise<never>;
    void watch.then(() => (answered = true));
    fs.life?.suspend?.();
    put(files, "a", "longer");
    await quiet(files);
    expect(answered).equal(false);
    fs.life?.resume?.();
    expect(await told(watch)).deep.equal(["changed file a"]);
  });

  it("fault 20: is confined to the provider", () => {
    for (const path of ["..", "/", "a/../..", "d/../a", "\0"])
      expect(left(fs.watch(path, { deep: true }) as never)).include({ tag: "InvalidPath" });
    expect(left(fs.watch("no/where") as never)).include({ tag: "NotFound" });
  });

  it("shows no names to those who may not list", async () => {
    const reader = session(files, ["read"]);
    const denied = { tag: "Denied", service: "File_system", label: files.name, right: "list" };
    expect(left(reader.watch("d") as never)).deep.equal(denied);
    expect(left(reader.watch("", { deep: true }) as never)).deep.equal(denied);
    const watch = reader.watch("a");
    put(files, "a", "longer");
    expect(await told(watch)).deep.equal(["changed file a"]);
    const replaced = reader.watch("a") as Promise<never>;
    right(files.unlink("a"));
    expect(await told(replaced)).deep.equal(["removed file a"]);
    const made = reader.watch("a") as Promise<never>;
    right(files.mkdir("a"));
    expect(left(await made)).deep.equal(denied);
    expect(left(session(files, ["write", "create", "remove"]).watch("a") as never)).deep.equal(denied);
  });

  it("has a bound for what it remembers", async () => {
    right(files.mkdir("many"));
    const name = (n: number): string => `many/${"x".repeat(240)}${n}`;
    for (let n = 0; n < 3800; n++) right(files.mkdir(name(n)));
    const watch = fs.watch("many") as Promise<never>;
    expect(left(fs.watch("", { deep: true }) as never)).include({ tag: "TooLarge", limit: 1 << 20 });
    fs.life?.suspend?.();
    for (let n = 3800; n < 3900; n++) right(files.mkdir(name(n)));
    fs.life?.resume?.();
    expect(left(await watch)).include({ tag: "TooLarge", limit: 1 << 20 });
    for (let n = 3800; n < 3900; n++) right(files.unlink(name(n)));
    right(files.unlink(name(0)));
    expect(await told(fs.watch("many"))).deep.equal([`removed directory ${name(0)}`]);
  });
};

describe("watches", () => {
  describe("over files in memory", () => suite(() => memoryFiles({ name: "data" })));
  describe("over real files", () => {
    const folders: string[] = [];
    after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));
    suite(() => {
      const directory = mkdtempSync(join(tmpdir(), "cryonode-watches-"));
      folders.push(directory);
      return right(directoryFiles({ name: "data", directory }));
    });
  });
});
