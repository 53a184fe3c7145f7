import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { lockFolder } from "../../../runtime/durable/store/folder-lock.ts";
import { openLmdbStore } from "../../../runtime/durable/store/lmdb-store.ts";
import { storeProse } from "../../../runtime/durable/store/store-error.ts";
import { left, right } from "../../image/either.ts";
import { SpecProcess } from "./process.ts";
import { bases } from "./sample.ts";

describe("the lock of a folder", () => {
  let folder = "";
  const processes: SpecProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cryonode-lock-"));
  });
  afterEach(async () => {
    for (const each of processes.splice(0)) await each.kill();
    await rm(folder, { recursive: true, force: true });
  });
  const start = (): SpecProcess => {
    const started = new SpecProcess("./make-locked.js", [folder]);
    processes.push(started);
    return started;
  };

  it("is one owner's, until it is released", async () => {
    const lock = right(await lockFolder(folder));
    const refused = left(await lockFolder(folder));
    expect(refused).to.deep.equal({ tag: "Locked", path: folder, pid: process.pid });
    expect(storeProse(refused)).to.equal(`${folder} is in use by process ${process.pid}`);
    await lock.release();
    const again = right(await lockFolder(folder));
    await again.release();
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("belongs to a process: killed, it is free at once, and nothing is left of it", async () => {
    for (let n = 0; n < 3; n++) {
      const owner = start();
      expect(await owner.line()).to.equal("held");
      expect(left(await lockFolder(folder))).to.deep.equal({
        tag: "Locked",
        path: folder,
        pid: owner.child.pid,
      });
      await owner.kill();
    }
    await right(await lockFolder(folder)).release();
    expect(await readdir(folder)).to.deep.equal([]);
  });

  it("a process that stands still has it nevertheless", async () => {
    const owner = start();
    expect(await owner.line()).to.equal("held");
    owner.child.kill("SIGSTOP");
    expect(left(await lockFolder(folder))).to.include({ tag: "Locked", pid: owner.child.pid });
    owner.child.kill("SIGCONT");
  });

  it("of many that come at the same moment exactly one gets it, amid what the dead left", async () => {
    for (let round = 0; round < 3; round++) {
      const said = await Promise.all(Array.from({ length: 4 }, () => start().line()));
      expect(said.filter((line) => line === "held")).to.have.length(1);
      for (const line of said) if (line !== "held") expect(line).to.include('"Locked"');
      for (const each of processes.splice(0)) await each.kill();
      await writeFile(join(folder, `starting.lock.1.${"0".repeat(16)}`), "");
      await writeFile(join(folder, `lock.1.${"0".repeat(16)}`), "");
    }
  });

  it("works however long the folder's path is", async () => {
    const deep = join(folder, "x".repeat(100), "y".repeat(100));
    await mkdir(deep, { recursive: true });
    const lock = right(await lockFolder(deep));
    expect(left(await lockFolder(deep)).tag).to.equal("Locked");
    await lock.release();
  });

  it("a folder that can't be used is an error", async () => {
    expect(left(await lockFolder(join(folder, "none")))).to.include({ tag: "Io", code: "ENOENT" });
  });

  it("a second store on the same folder is refused, and the first is none the worse", async () => {
    const store = right(await openLmdbStore(folder, { bases }));
    expect(left(await openLmdbStore(folder, { bases }))).to.include({ tag: "Locked", pid: process.pid });
    right(await store.commit({ set: new Map([["key", new Uint8Array(1)]]) }));
    await store.close();
    const again = right(await openLmdbStore(folder, { bases }));
    expect(right(await again.get("key"))).to.have.length(1);
    await again.close();
  });
});
