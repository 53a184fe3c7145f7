// A component that is given up into a file, by a host that is killed between what it notes and what it writes.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { onTwoProcesses } from "./two-processes.ts";

describe("a container in a file", () => {
  it(
    "law 5: whose host is killed after it gave the component up and before there is a file is written by the same command",
    onTwoProcesses(async (two) => {
      const key = (await two.cli(["key", "--state", "there"])).stdout.trim();
      const armed = join(two.folder, "armed");
      const file = join(two.folder, "counter.cryo");
      await two.goesOn();
      await two.kill("here");
      // It is noted that it has departed; then its image is used up, and then the file is written.
      await two.again("here", { kill: { what: "claim made", when: "before", nth: 1 }, armed });
      await two.comesTo("here", "running");
      await writeFile(armed, "");
      const give = ["export", "counter", file, "--move", "--to", key, "--state", "here"];
      const cut = await two.cli(give);
      expect(cut.status, cut.stdout).to.equal(1);
      expect(await readFile(file).catch(() => null), "there is no file").to.equal(null);
      await two.again("here");
      await two.comesTo("here", "departed");
      const elsewhere = (await two.cli(["key", "--state", "here"])).stdout.trim();
      const other = await two.cli([...give.slice(0, 5), elsewhere, "--state", "here"]);
      expect(other.stderr, "to nobody else").to.match(/it was given to/);
      const given = await two.cli(give);
      expect(given, given.stderr).to.include({ status: 0 });
      const taken = await two.cli(["import", file, "--state", "there"]);
      expect(taken, taken.stderr).to.include({ status: 0 });
      const revived = await two.cli(["revive", "counter", "--state", "there"]);
      expect(revived, revived.stderr).to.include({ status: 0 });
      expect(await two.settled()).to.equal("there");
      await two.goesOn();
    }),
  ).timeout(120_000);
});
