import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import type { FilePower } from "../../runtime/image/file-power.ts";
import { disk } from "../../runtime/image/disk.ts";
import { writeImage } from "../../runtime/image/write-image.ts";
import { left, right } from "./either.ts";
import { failingPower } from "./failing-power.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { inTemporaryFolder } from "./temporary-folder.ts";

const bytes = Buffer.from("the new image");

describe("writing an image", () => {
  it("puts it in place of the old one, for its owner only", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "child.cryo");
      await writeFile(path, "the old image", { mode: 0o644 });
      expect(right(await writeImage(path, bytes, disk))).to.deep.equal({ path, bytes: 13, warning: null });
      expect(await readFile(path, "utf8")).to.equal("the new image");
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
      expect(await readdir(folder)).to.deep.equal(["child.cryo"]);
    }));

  it("says what is wrong with the place", () =>
    inTemporaryFolder(async (folder) => {
      expect(left(await writeImage(join(folder, "none", "x"), bytes, disk))).to.include({
        tag: "Unwritable",
        step: "create",
        code: "ENOENT",
        leftover: null,
      });
    }));

  for (const code of ["ENOSPC", "EIO"])
    it(`fault 4, law 7: ${code} at every operation leaves the old image and nothing else, or only warns`, () =>
      inTemporaryFolder(async (folder) => {
        const path = join(folder, "child.cryo");
        const failed: string[] = [];
        for (let at = 1, reached = true; reached; at++) {
          await writeFile(path, "the old image");
          let step = "";
          const power = failingPower(disk, (operation, name) => {
            if (operation !== at) return null;
            step = name;
            return code;
          });
          const written = await writeImage(path, bytes, power);
          reached = step !== "";
          if (reached) failed.push(step);
          const isNew = E.isRight(written);
          expect(await readFile(path, "utf8")).to.equal(isNew ? "the new image" : "the old image");
          expect(await readdir(folder)).to.deep.equal(["child.cryo"]);
          if (E.isLeft(written)) expect(written.left).to.include({ tag: "Unwritable", path, code });
          else if (reached) expect(written.right.warning).to.include({ tag: "NotDurable", path, code });
          else expect(written.right.warning).to.equal(null);
        }
        expect(failed).to.deep.equal(["create", "write", "sync", "close", "rename", "syncFolder"]);
      }));

  it("fault 4: a temporary file that cannot be removed is named", () =>
    inTemporaryFolder(async (folder) => {
      const power = failingPower(disk, (_, name) => (name === "rename" || name === "unlink" ? "EIO" : null));
      const error = left(await writeImage(join(folder, "child.cryo"), bytes, power));
      const [leftover = ""] = await readdir(folder);
      expect(error).to.include({ step: "rename", leftover: join(folder, leftover) });
    }));

  it("fault 3: a power cut at any instant leaves the old image or the new one, never a mix", async () => {
    const seen = new Set<string | null>();
    let instants = 0;
    const power = new SimulatedDisk({ "/state/child.cryo": "the old image" }, (now) => {
      instants += 1;
      for (const content of now.afterPowerCut("/state/child.cryo")) seen.add(content);
    });
    right(await writeImage("/state/child.cryo", bytes, power));
    expect(instants).to.be.greaterThan(8);
    expect([...seen]).to.have.members(["the new image", "the old image"]);
    expect([...power.afterPowerCut("/state/child.cryo")]).to.deep.equal(["the new image"]);
  });

  it("fault 3: the simulation notices a writer that does not sync before the rename", async () => {
    const seen = new Set<string | null>();
    const power = new SimulatedDisk({ "/child.cryo": "the old image" }, (now) => {
      for (const content of now.afterPowerCut("/child.cryo")) seen.add(content);
    });
    const create = async (path: string) => ({ ...(await power.create(path)), sync: () => Promise.resolve() });
    const careless: FilePower = Object.assign(Object.create(power), { create });
    right(await writeImage("/child.cryo", bytes, careless));
    expect([...seen]).to.include("the ne");
  });
});
