// Faults that a durable host survives or refuses, as whoever gives it commands meets them.
import { copyFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { onHost } from "./on-host.ts";

const counted = (text: string): readonly number[] => text.trimEnd().split("\n").map(Number);

/** 1, 2, 3 and so on. */
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n + 1);

describe("cryonode up: what may go wrong", function () {
  this.timeout(90_000);

  it(
    "fault 23: an older image in the place of the one that a child is in is not revived",
    onHost(async ({ up, json, folder }) => {
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 2" });
      const older = join(folder, "older.cryo");
      expect((await json("checkpoint", "counter", older)).status).to.equal(0);
      await host.tells({ event: "log", child: "counter", text: "count 4" });
      expect((await json("freeze", "counter")).status).to.equal(0);
      const image = join(folder, ".cryonode", "images", "counter.cryo");
      await copyFile(image, join(folder, "right.cryo"));
      await copyFile(older, image);
      const refused = await json("revive", "counter");
      expect(refused.status).to.equal(1);
      expect(refused.stdout).to.match(/"tag":"RolledBack".*another one, which may be older/);
      await copyFile(join(folder, "right.cryo"), image);
      expect((await json("revive", "counter")).status).to.equal(0);
      await host.tells({ event: "log", child: "counter", text: "count 6" });
      const lines = counted(await readFile(join(folder, "data", "count.txt"), "utf8"));
      expect(lines).to.deep.equal(upTo(lines.length));
    }),
  );

  it(
    "fault 23: a store that was put back to an earlier state is refused, and nothing has changed",
    onHost(async ({ up, folder }) => {
      const first = up();
      await first.tells({ event: "log", child: "counter", text: "count 2" });
      first.signal("SIGKILL");
      await first.ended;
      const state = join(folder, ".cryonode");
      await cp(join(state, "store", "store.lmdb"), join(folder, "older.lmdb"));
      const second = up();
      await second.tells({ event: "revived", child: "counter" });
      await second.tells({ event: "log", child: "counter", text: "count 6" });
      second.signal("SIGKILL");
      await second.ended;
      await copyFile(join(state, "store", "store.lmdb"), join(folder, "right.lmdb"));
      await copyFile(join(folder, "older.lmdb"), join(state, "store", "store.lmdb"));
      const before = await readFile(join(folder, "data", "count.txt"), "utf8");
      const third = up();
      expect(await third.ended).to.deep.include({ status: 2 });
      expect(third.stderr()).to.match(/put back to an earlier state/);
      expect(await readFile(join(folder, "data", "count.txt"), "utf8")).to.equal(before);
      await copyFile(join(folder, "right.lmdb"), join(state, "store", "store.lmdb"));
      const fourth = up();
      await fourth.tells({ event: "log", child: "counter", text: "count 9" });
      const lines = counted(await readFile(join(folder, "data", "count.txt"), "utf8"));
      expect(lines).to.deep.equal(upTo(lines.length));
    }),
  );

  it(
    "fault 6: the image that a frozen child is in is not overwritten, by whatever command",
    onHost(async ({ up, json, folder }) => {
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 2" });
      expect((await json("freeze", "counter")).status).to.equal(0);
      const image = join(folder, ".cryonode", "images", "counter.cryo");
      const before = await readFile(image);
      expect((await json("start", "later")).status).to.equal(0);
      for (const command of ["freeze", "checkpoint", "export"]) {
        const refused = await json(command, "later", image);
        expect(refused.status, command).to.equal(1);
        expect(refused.stdout, command).to.match(/"tag":"InUse".*the image that counter is in/);
      }
      expect(Buffer.compare(await readFile(image), before)).to.equal(0);
      expect((await json("revive", "counter")).status).to.equal(0);
    }),
  );

  it(
    "faults 1 and 4: a checkpoint, a freeze or an export that can't be written leaves the child running, its quota as it was",
    onHost(async ({ up, json, child, folder }) => {
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 2" });
      const nowhere = join(folder, "no", "such", "folder", "x.cryo");
      await writeFile(join(folder, "file"), "");
      for (const command of ["checkpoint", "freeze", "export"])
        for (const path of [nowhere, join(folder, "file", "x.cryo")]) {
          const refused = await json(command, "counter", path);
          expect(refused.status, command).to.not.equal(0);
          expect(refused.stdout, command).to.match(/"event":"refused"/);
        }
      expect(await child("counter")).to.include({ state: "running", generation: 1, restarts: 0 });
      const so = counted(await readFile(join(folder, "data", "count.txt"), "utf8")).length;
      await host.tells({ event: "log", child: "counter", text: `count ${so + 2}` });
      // All of its quota is there for its next life.
      expect((await json("freeze", "counter")).status).to.equal(0);
      expect((await json("revive", "counter")).status).to.equal(0);
    }),
  );

  it(
    "fault 26: nothing that commands show tells what is in a child's memory, and nobody else may look into the state",
    onHost(async ({ up, json, folder }) => {
      const secret = `k-${"7".repeat(8)}-secret`;
      await mkdir(join(folder, "data"), { recursive: true });
      await writeFile(
        join(folder, "counter.ts"),
        `import { component, Log } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const held = ["k-", "7".repeat(8), "-secret"].join("");
  await log.write("count 2");
  await new Promise(() => {});
  await log.write(held);
});
`,
      );
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 2" });
      const image = join(folder, "x.cryo");
      expect((await json("checkpoint", "counter", image)).status).to.equal(0);
      const shown = [
        await json("ps"),
        await json("inspect", image),
        await json("inspect", "counter"),
        await json("logs", "counter"),
        await json("freeze", "counter"),
      ];
      for (const { stdout, stderr } of shown) expect(stdout + stderr).to.not.include(secret);
    }),
  );

  it(
    "fault 11: a child whose RAM quota is used up is kept, recovered and frozen all the same",
    onHost(async ({ up, json, folder }) => {
      await writeFile(
        join(folder, "counter.ts"),
        `import { component, FileSystem, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const { file: name = "count.txt" } = ((await env.config()) ?? {}) as { file?: string };
  const file = await data.open(name, { write: true, create: true, append: true });
  const held: unknown[] = [];
  for (let bytes = 1 << 20; bytes >= 4096; bytes >>= 1)
    try {
      for (;;) held.push(await env.ram.alloc(bytes));
    } catch {}
  for (let n = 1; ; n++) {
    await file.write(n + "\\n");
    await log.write("count " + n);
    await timer.sleep(20);
  }
});
`,
      );
      const first = up();
      await first.tells({ event: "log", child: "counter", text: "count 2" });
      first.signal("SIGKILL");
      await first.ended;
      const second = up();
      await second.tells({ event: "log", child: "counter", text: "count 5" });
      expect((await json("checkpoint", "counter")).status).to.equal(0);
      expect((await json("freeze", "counter")).status).to.equal(0);
      expect((await json("revive", "counter")).status).to.equal(0);
      await second.tells({ event: "log", child: "counter", text: "count 8" });
      const lines = counted(await readFile(join(folder, "data", "count.txt"), "utf8"));
      expect(lines).to.deep.equal(upTo(lines.length));
    }),
  );

  it(
    "fault 36: of two revivals at once one wins; an image that is used up is no child's any more",
    onHost(async ({ up, json, folder, child }) => {
      const host = up();
      await host.tells({ event: "log", child: "counter", text: "count 2" });
      expect((await json("freeze", "counter")).status).to.equal(0);
      await copyFile(join(folder, ".cryonode", "images", "counter.cryo"), join(folder, "copy.cryo"));
      const both = await Promise.all([json("revive", "counter"), json("revive", "counter")]);
      expect(both.map(({ status }) => status)).to.have.members([0, 1]);
      expect(await child("counter")).to.include({ state: "running", generation: 2 });
      expect((await json("kill", "counter")).status).to.equal(0);
      // As itself it can't come back from where it has come back from; as another it can.
      const again = await json("import", join(folder, "copy.cryo"));
      expect(again.status).to.equal(2);
      expect(again.stderr).to.match(/has seen generation 2; `--as NAME` makes a clone/);
      await rm(join(folder, "copy.cryo"));
    }),
  );
});
