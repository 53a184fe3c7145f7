// Two durable hosts, each a process of its own: a component moves between them, over TLS, while either is killed or the
// link is cut. In the end one of them has it, and what it wrote is what one that never moved would have written.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { hit, strike, type Blow } from "./killed.ts";
import { onTwoProcesses, otherSide, type Side } from "./two-processes.ts";

/** The other four are the torture's. */
const BLOWS: readonly Blow[] = [
  { moment: "prepared", victim: "source" },
  { moment: "released", victim: "sink" },
  { moment: "released", victim: "source" },
  { moment: "prepared", victim: null },
];

describe("two durable hosts", () => {
  it(
    "fault 38: exactly one runs it after kill -9 of either at the steps of the handover, and a cut link",
    onTwoProcesses(async (two) => {
      await two.goesOn();
      let home: Side = "here";
      for (const blow of BLOWS) home = await strike(two, home, blow);
      // Ctrl-C comes too late: it says what became of it.
      const moved = await two.cli(
        ["migrate", "counter", "--to", otherSide(home), "--state", home, "--json"],
        { interruptAt: '"phase":"released"' },
      );
      expect(moved.status, moved.stderr).to.equal(0);
      const phases = moved.events.map(({ event, phase }) => (event === "migrating" ? phase : event));
      expect([...new Set(phases)]).to.deep.equal([
        ...["surveying", "copying", "holding", "offered", "released", "migrated"],
      ]);
      await two.goesOn();
    }),
  ).timeout(240_000);

  it(
    "fault 38: a sink in doubt shows it, and lives where an operator says that its source is gone",
    onTwoProcesses(async (two) => {
      await two.goesOn();
      await hit(two, "here", { moment: "released", victim: "source" });
      while ((await two.state("there")) !== "in doubt")
        await new Promise((resolve) => setTimeout(resolve, 20));
      const { stdout } = await two.cli(["ps", "--state", "there"]);
      expect(stdout)
        .to.match(/counter +in doubt/)
        .and.to.match(/it has come from here/);
      const resolved = await two.cli(["migrate", "counter", "--resolve", "--state", "there"]);
      expect(resolved.stderr).to.equal("");
      expect(resolved).to.include({ status: 0, stdout: "counter  lives here from now on\n" });
      await two.goesOn();
      await two.again("here");
      expect(await two.settled()).to.equal("there");
      await two.goesOn();
      const abort = await two.cli(["migrate", "counter", "--abort", "--state", "there"]);
      expect(abort).to.include({ status: 1 });
      expect(abort.stderr).to.match(/no migration of counter is under way/);
    }),
  ).timeout(120_000);

  it(
    "fault 38: a source that never decided hears that it was declared gone, and stops its incarnation",
    onTwoProcesses(
      async (two) => {
        // All of it is there, durably; that it is never gets back.
        await hit(two, "here", { moment: "prepared", victim: "source" });
        await two.comesTo("there", "in doubt");
        const resolved = await two.cli(["migrate", "counter", "--resolve", "--state", "there"]);
        expect(resolved).to.include({ status: 0, stderr: "" });
        expect(await two.state("there")).to.equal("running");
        // What it does from then on, nothing but its host keeps it from: it holds nothing outside.
        await two.again("here");
        await two.comesTo("here", "fenced");
        const { stdout } = await two.cli(["ps", "--state", "here"]);
        expect(stdout).to.match(/counter: it lives on there, whose operator has said so/);
        // What it was is not lost with it.
        const aside = (await readdir(join(two.folder, "here/images"))).find((file) =>
          file.includes(".taken-"),
        );
        const shown = await two.cli(["verify", join("here/images", aside ?? "nothing"), "--state", "here"]);
        expect(shown, shown.stderr).to.include({ status: 0 });
        expect(await two.settled()).to.equal("there");
        // Nothing of that is left to be told, and it may come home.
        const moved = await two.migrate("there");
        expect(moved.status, moved.stderr).to.equal(0);
        expect(await two.settled()).to.equal("here");
      },
      {
        component: `import { component, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  for (let n = 1; ; n++) {
    if (n % 100 === 0) await log.write("count " + n);
    await timer.sleep(10);
  }
});
`,
      },
    ),
  ).timeout(120_000);
});
