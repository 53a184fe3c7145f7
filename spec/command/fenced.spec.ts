// A state directory that was copied while its host runs: two hosts think that a component is theirs. What it changes
// takes effects from the later incarnation alone, and the earlier one ends.
import { cp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { living, type Living } from "./living.ts";
import { onHost } from "./on-host.ts";

describe("cryonode up: an incarnation that another one has overtaken", function () {
  this.timeout(180_000);

  it(
    "law 5: is refused by what it writes to, is ended, and stays so with the next host",
    onHost(async ({ up, folder, cli, child }) => {
      const first = up();
      await first.tells({ event: "log", child: "counter", text: "count 5" });
      // It is durable by then; what follows is in the journal only.
      // Nothing is written, made or renamed meanwhile.
      first.signal("SIGSTOP");
      await cp(join(folder, ".cryonode"), join(folder, "copy"), {
        recursive: true,
        filter: (path) => !path.includes("lock") && !/\.(sock|tmp)$/.test(path),
      });
      first.signal("SIGCONT");
      const second: Living = living(folder, ["up", "host.yaml", "--json", "--state", "copy"]);
      try {
        await first.tells({ event: "fenced", child: "counter" });
        await second.tells({ event: "log", child: "counter" });
        expect(await child("counter")).to.include({ state: "fenced" });
        expect((await cli(["revive", "counter"])).status).to.equal(1);
        const lines = async (): Promise<readonly number[]> =>
          (await readFile(join(folder, "data", "count.txt"), "utf8")).trim().split("\n").map(Number);
        first.signal("SIGKILL");
        await first.ended;
        const again = up();
        await again.tells({ event: "up" });
        expect(await child("counter")).to.include({ state: "fenced" });
        second.signal("SIGTERM");
        expect((await second.ended).status).to.equal(0);
        expect((await lines()).length).to.be.greaterThan(5);
      } finally {
        second.signal("SIGKILL");
        await second.ended;
      }
    }),
  );
});
