// A disk that is full, and a limit of descriptors that is reached: in processes of their own, since both would hit
// whatever else runs in this one.
import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { inTemporaryFolder } from "../image/temporary-folder.ts";

const script = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url));

/** A command whose file systems are its own, so that it may mount one; null where this user may not. */
const withMounts = [
  ["unshare", "--mount"],
  ["unshare", "--map-root-user", "--mount"],
].find(([command = "", ...args]) => {
  try {
    execFileSync(command, [...args, "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

const succeeds = (command: string, args: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    execFile(command, args, { timeout: 60_000 }, (error, stdout, stderr) => {
      expect(`${error === null ? "" : "it failed: "}${stdout}${stderr}`).equal("");
      resolve();
    });
  });

describe("host: scarcity", function () {
  this.timeout(70_000);

  if (withMounts !== undefined)
    it("faults 4, 29 and 32: a small file system that is full: typed errors, nothing half restored, and it goes on", () =>
      inTemporaryFolder(async (folder) => {
        const run = `mount -t tmpfs -o size=4m none "$1" && exec "$2" "$3" small "$1"`;
        const [command = "", ...args] = withMounts;
        const node = [folder, process.execPath, script("make-full-disk")];
        await succeeds(command, [...args, "sh", "-c", run, "sh", ...node]);
      }));

  it("faults 4, 29 and 32: a limit to the size of files: typed errors, nothing half restored, and it goes on", () =>
    inTemporaryFolder((folder) => succeeds(process.execPath, [script("make-full-disk"), "limit", folder])));

  it("faults 4 and 32: no descriptors left: typed errors, all given back, and it goes on", () =>
    succeeds("sh", [
      "-c",
      `ulimit -n 200; exec "$0" "$1"`,
      process.execPath,
      script("make-few-descriptors"),
    ]));
});
