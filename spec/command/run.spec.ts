// `cryonode run`: the documentation's own example, in one process and in two, for people and for programs.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { changed, PROJECT, SCENARIO, withDesk } from "./cli.ts";

describe("cryonode run", () => {
  it("runs the documentation's example to its verdict, an object a line", () =>
    withDesk(PROJECT, async ({ cli, folder }) => {
      const { status, events, stderr } = await cli(["run", "scenarios/counter.yaml", "--json"]);
      expect(stderr).to.equal("");
      expect(status).to.equal(0);
      expect(events.map(({ event }) => event)).to.deep.equal([
        "started",
        "step",
        "log",
        "log",
        "log",
        "step",
        "frozen",
        "step",
        "revived",
        "step",
        ...Array<string>(7).fill("log"),
        "exited",
        ...["step", "expect", "step", "expect"],
        "verdict",
      ]);
      const of = (event: string) => events.find((each) => each["event"] === event)!;
      expect(of("started")).to.include({ child: "counter" });
      expect(of("log")).to.include({ child: "counter", text: "count 1" });
      expect(of("frozen")).to.include({
        child: "counter",
        generation: 1,
        image: join(folder, ".cryonode/counter.cryo"),
      });
      expect(of("frozen")).to.have.keys("event", "ms", "child", "image", "generation", "bytes", "pauseMs");
      expect(of("revived")).to.include({ child: "counter", generation: 2 });
      expect(of("revived")).to.include.keys("reviveMs", "reopened");
      expect(of("revived")["reopened"]).to.deep.include({
        kind: "file",
        provider: "data",
        name: "count.txt",
        position: 6,
      });
      expect(of("expect")).to.include({ ok: true });
      expect(of("verdict")).to.include({ ok: true });
      const times = events.map(({ ms }) => ms as number);
      expect(times).to.deep.equal([...times].sort((a, b) => a - b));
    }));

  it("freezes in one process and revives in another", () =>
    withDesk(PROJECT, async ({ cli, write, folder }) => {
      const until = SCENARIO.indexOf("  - revive");
      await write("scenarios/freeze.yaml", SCENARIO.slice(0, until));
      await write(
        "scenarios/revive.yaml",
        changed(
          SCENARIO.slice(0, SCENARIO.indexOf("  - until")),
          "on: here  ",
          "later: true\n    on: here  ",
        ) +
          SCENARIO.slice(until, SCENARIO.indexOf("  - expect: { log")) +
          `  - expect: { log: counter, lines: ["count 4", "...", "count 10"] }\n`,
      );
      const state = ["--state", "elsewhere"];
      expect(await cli(["run", "scenarios/freeze.yaml", ...state])).to.include({ status: 0, stderr: "" });
      const verified = await cli(["verify", "counter.cryo", ...state]);
      expect(verified.status).to.equal(0);
      expect(verified.stdout).to.match(/^ok {2}elsewhere\/counter\.cryo/);
      const inspected = await cli(["inspect", "counter.cryo", ...state, "--json"]);
      expect(inspected.events[0]!["children"]).to.have.nested.property("[0].handles[0].position", 6);
      const revived = await cli(["run", "scenarios/revive.yaml", ...state]);
      expect(revived).to.include({ status: 0, stderr: "" });
      expect(revived.stdout).to.match(/revived on here in [\d.]+ ms, generation 2/);
      expect(revived.stdout).to.match(/file data\/count\.txt at 6/);
      expect(revived.stdout).to.match(
        /\nok {2}a counter survives being frozen {2}\(4 steps, [\d.]+ m?s\)\n$/,
      );
      expect(await readFile(join(folder, "scenarios/data/count.txt"), "utf8")).to.match(/^1\n2\n.*\n10\n$/s);
      // It is used up now, and the scenario that expects nothing of the kind fails at its step.
      const again = await cli(["run", "scenarios/revive.yaml", ...state]);
      expect(again.status).to.equal(1);
      expect(again.stdout).to.match(
        /\nFAILED at scenarios\/revive\.yaml:\d+:5: .*counter\.cryo was used up when counter was revived/,
      );
    }));

  it("fails with status 1 where the verdict does not hold, and says where", () =>
    withDesk(
      {
        ...PROJECT,
        "scenarios/counter.yaml": SCENARIO.replace('"9", "10"', '"9", "11"').replace("100ms", "1ms"),
      },
      async ({ cli }) => {
        const { status, stdout } = await cli(["run", "scenarios/counter.yaml"]);
        expect(status).to.equal(1);
        expect(stdout).to.match(
          /FAILED at scenarios\/counter\.yaml:28:5: data\/count\.txt: line 10 is "10", expected "11"/,
        );
        expect(stdout).not.to.contain("\u001b");
      },
    ));

  it("is told to stop by SIGINT, and ends with status 130", () =>
    withDesk(PROJECT, async ({ cli }) => {
      const { status, stdout } = await cli(["run", "scenarios/counter.yaml"], { interruptAt: "count 2" });
      expect(status).to.equal(130);
      expect(stdout).to.match(/\ninterrupted {2}/);
    }));

  it("says of a host's configuration what it is for", () =>
    withDesk({ ...PROJECT, "host.yaml": `scenario: a host\nstart: {}\n` }, async ({ cli }) => {
      const { status, stderr } = await cli(["run", "host.yaml"]);
      expect(status).to.equal(2);
      expect(stderr).to.match(/^host\.yaml:1:1: .*`cryonode up`/);
      expect((await cli(["check", "host.yaml"])).stdout).to.match(/^ok {2}host\.yaml/);
    }));
});
