// Fault 20, on purpose and in a loop: while another thread swaps a directory, or a file, for a symbolic link that
// leaves the provider, every call of a session stays inside or is refused.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { makeFileSystem } from "../../runtime/core/file-system.ts";
import type { FileObject } from "../../runtime/core/file.ts";
import type { Answer, Eventually } from "../../runtime/core/service.ts";
import { directoryFiles } from "../../runtime/provider/file/directory.ts";
import { right } from "../provider/outcome.ts";

const ALL = new Set(["read", "write", "create", "remove", "list"] as const);

/** Puts the link in the place of `inside` and back, as fast as it can. */
const RACER = `
  const fs = require("node:fs");
  const { inside, link, stop } = require("node:worker_threads").workerData;
  while (Atomics.load(stop, 0) === 0) {
    try { fs.renameSync(inside, inside + "-held"); } catch {}
    try { fs.renameSync(link, inside); } catch {}
    Atomics.add(stop, 1, 1);
    try { fs.renameSync(inside, link); } catch {}
    try { fs.renameSync(inside + "-held", inside); } catch {}
  }`;

const SWAPS = 2000;

describe("races for a path", () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(join(tmpdir(), "cryonode-race-"));
    fs.mkdirSync(join(folder, "data/d/sub"), { recursive: true });
    fs.mkdirSync(join(folder, "outside/sub"), { recursive: true });
    fs.writeFileSync(join(folder, "outside/f"), "OUTSIDE, and longer");
    fs.writeFileSync(join(folder, "outside/secret"), "secret");
    fs.writeFileSync(join(folder, "outside/sub/deep"), "secret");
    fs.writeFileSync(join(folder, "data/d/f"), "inside");
    fs.writeFileSync(join(folder, "data/other"), "other");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const outside = (): unknown =>
    fs
      .readdirSync(join(folder, "outside"), { recursive: true, encoding: "utf8" })
      .sort()
      .map((name) => {
        const stat = fs.lstatSync(join(folder, "outside", name));
        return [
          name,
          stat.isFile() ? fs.readFileSync(join(folder, "outside", name), "utf8") : "",
          stat.mtimeMs,
        ];
      });

  for (const [what, inside, target] of [
    ["a directory", "data/d", "outside"],
    ["a file", "data/d/f", "outside/f"],
  ] as const)
    it(`fault 20: ${what} is swapped for a link: no call sees, changes or watches what lies outside`, async function () {
      this.timeout(60_000);
      const provider = right(directoryFiles({ name: "data", directory: join(folder, "data") }));
      const session = makeFileSystem(provider, ALL, "restore", null);
      const opened = right((await session.open("d/f", { read: true })) as Answer<FileObject>);
      const { path: _path, ...position } = right(opened.life.capture());
      void opened.life.release?.();
      const before = outside();
      const link = join(folder, "link");
      fs.symlinkSync(join(folder, target), link);
      const stop = new Int32Array(new SharedArrayBuffer(8));
      const workerData = { inside: join(folder, inside), link, stop };
      const racer = new Worker(RACER, { eval: true, workerData });
      const ended = new Promise((resolve) => racer.once("exit", resolve));
      const tags = new Set<string>();
      const seen = <T>(answer: Eventually<T>, look: (value: T) => void): void => {
        if (answer instanceof Promise) return;
        if (E.isLeft(answer)) tags.add(answer.left.tag);
        else look(answer.right);
      };
      const use = (file: FileObject): void => {
        seen(file.stat(), ({ size }) => expect(size).below(19));
        seen(file.readText(), (text) => expect(text.toUpperCase()).not.contain("OUTSIDE"));
        void file.life.release?.();
      };
      let calls = 0;
      for (; Atomics.load(stop, 1) < SWAPS; calls++) {
        seen(session.open("d/f", { read: true, write: true }), (file) => use(file as FileObject));
        seen(session.open("d/f", { append: true }), (file) => {
          seen((file as FileObject).write("x"), () => {});
          seen((file as FileObject).truncate(6), () => {});
          use(file as FileObject);
        });
        seen(session.open("d/made", { write: true, create: true, truncate: true }), (file) =>
          use(file as FileObject),
        );
        seen(session.stat("d/f"), ({ size }) => expect(size).below(19));
        seen(session.stat("d/secret"), () => expect.fail("it saw what lies outside"));
        for (const path of ["", "d", "d/sub"])
          seen(session.list(path), (entries) => {
            for (const { name, size } of entries)
              expect(["secret", "deep"].includes(name) || size >= 19).equal(false);
          });
        seen(session.mkdir("d/new"), () => {});
        seen(session.unlink("d/new"), () => {});
        seen(session.unlink("d/secret"), () => expect.fail("it removed what lies outside"));
        seen(session.move("d/secret", "stolen"), () => expect.fail("it took what lies outside"));
        seen(session.move("other", "d/brought"), () => {});
        seen(session.move("d/brought", "other"), () => {});
        const stopped = provider.watch("d", () => {});
        if (E.isRight(stopped)) stopped.right();
        seen(session.reopen("d/f", { read: true }, position, `revival ${calls}`), (file) => {
          const { effect } = file.life;
          if (effect === undefined) return use(file);
          seen(effect.enact(), () => {});
          seen(effect.retract(), () => {});
          void file.life.release?.();
        });
      }
      Atomics.store(stop, 0, 1);
      await ended;
      expect(outside()).deep.equal(before);
      expect(fs.existsSync(join(folder, "data/stolen"))).equal(false);
      // Handles that only write can't be read.
      const harmless = [
        "AlreadyExists",
        "Denied",
        "InvalidPath",
        "NotDirectory",
        "NotEmpty",
        "NotFound",
        "Changed",
      ];
      expect([...tags].filter((tag) => !harmless.includes(tag))).deep.equal([]);
      provider.close();
    });
});
