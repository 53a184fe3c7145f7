import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { disk } from "../../runtime/image/disk.ts";
import { readImage } from "../../runtime/image/read-image.ts";
import { left, right } from "./either.ts";
import { failingPower } from "./failing-power.ts";
import { inTemporaryFolder } from "./temporary-folder.ts";

describe("reading an image", () => {
  it("answers the bytes of a regular file", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "child.cryo");
      for (const content of ["", "an image"]) {
        await writeFile(path, content);
        expect(Buffer.from(right(await readImage(path, disk))).toString()).to.equal(content);
      }
    }));

  it("fault 18: refuses more than the limit, folders and pipes, and does not wait for any", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "child.cryo");
      await writeFile(path, "an image");
      expect(left(await readImage(path, disk, 7))).to.include({ tag: "TooLarge", size: 8, limit: 7 });
      await mkdir(join(folder, "folder"));
      expect(left(await readImage(join(folder, "folder"), disk)).tag).to.equal("Malformed");
      execFileSync("mkfifo", [join(folder, "pipe")]);
      expect(left(await readImage(join(folder, "pipe"), disk)).tag).to.equal("Malformed");
      expect(left(await readImage("/dev/zero", disk)).tag).to.equal("Malformed");
    }));

  it("names the step that failed", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "child.cryo");
      expect(left(await readImage(path, disk))).to.deep.equal({
        tag: "Unreadable",
        path,
        step: "open",
        code: "ENOENT",
      });
      await writeFile(path, "an image");
      const broken = failingPower(disk, (_, name) => (name === "read" ? "EIO" : null));
      expect(left(await readImage(path, broken))).to.include({ step: "read", code: "EIO" });
    }));

  it("law 7: a file that shrinks while it is read is a short one, not an endless wait", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "child.cryo");
      await writeFile(path, "an image");
      const open = async (name: string) => {
        const file = await disk.open(name);
        return { ...file, facts: async () => ({ ...(await file.facts()), size: 100 }) };
      };
      expect(right(await readImage(path, { ...disk, open }))).to.have.length(8);
    }));
});
