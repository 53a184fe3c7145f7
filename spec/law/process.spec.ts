// Law 2 between operating-system processes: one freezes the child into an image file, another finishes its work.
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { Harness } from "../domain/harness.ts";
import { programOf } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import { inTemporaryFolder } from "../image/temporary-folder.ts";
import type { Half } from "./other-process.ts";
import { subjects } from "./subject.ts";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("other-process.js", import.meta.url));

const contents = (folder: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), "latin1")]),
  );

const filled = (folder: string, files: Readonly<Record<string, string>>): string => {
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
};

describe("law 2: between processes", () => {
  for (const name of ["files", "threads"])
    it(`law 2: ${name}, frozen in one process and finished in another, does the same`, async function () {
      this.timeout(60_000);
      await inTemporaryFolder(async (folder) => {
        const { file, options } = subjects().find((subject) => subject.name === name)!;
        const files = options.files?.["data"] ?? {};
        const directory = filled(join(folder, "straight"), files);
        const world = new World({ directories: { data: directory } });
        const straight = Harness.boot(await programOf(file), world);
        const points = await straight.run();
        await straight.drop();
        const half: Half = {
          component: file,
          directory: filled(join(folder, "halves"), files),
          image: join(folder, "child.cryo"),
          notes: join(folder, "notes.json"),
          point: points >> 1,
        };
        for (const what of ["freeze", "finish"])
          await run(process.execPath, [SCRIPT, what, JSON.stringify(half)]);
        const { log, ending } = JSON.parse(readFileSync(half.notes, "utf8")) as World;
        expect(log).deep.equal(world.log);
        expect(ending).deep.equal(world.ending);
        expect(contents(half.directory)).deep.equal(contents(directory));
      });
    });
});
