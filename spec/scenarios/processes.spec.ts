// Images travel through the file system: the weather table is read by four processes, one after another.
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { complaints, logOf, repository, run, type Ran } from "./cryonode.ts";

const QUARTERS = ["2012 Q4", "2013 Q3", "2015 Q1"];

describe("a component that lives in four processes", () => {
  let folder: string;
  const runs: Ran[] = [];

  /** One life: from its start or an image to the line that begins with `until`, or to its end. */
  const scenario = (from: "start" | "image", until: string | null): string => `
scenario: one of four processes
hosts:
  here:
    files:
      tables: { directory: ${join(repository, "node_modules/vega-datasets/data")}, rights: [read] }
      reports: { directory: ./reports }
start:
  weather:
    component: ${join(repository, "components/weather.ts")}
    config: { table: seattle-weather.csv, report: weather.txt }
    later: true
    routes:
      - { service: LOG }
      - { service: File_system, label: tables, rights: [read] }
      - { service: File_system, label: reports }
steps:
  - ${from === "start" ? "start: weather" : "revive: { image: ./weather.cryo }"}
  - until: { child: weather, ${until === null ? "exit: 0" : `log: "/^${until}/"`} }
${until === null ? "" : "  - freeze: { child: weather, image: ./weather.cryo }\n"}`;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "cryonode-processes-"));
    const state = join(folder, "state");
    const lives = [...QUARTERS, null].map((until, n) => scenario(n === 0 ? "start" : "image", until));
    for (const [n, text] of lives.entries()) {
      const file = join(folder, `${n + 1}.yaml`);
      await writeFile(file, text);
      runs.push(await run(file, state));
    }
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it("comes through all of them", () => {
    expect(runs.flatMap((ran) => complaints(ran))).to.deep.equal([]);
    const generations = runs.flatMap(({ events }) =>
      events.filter(({ event }) => event === "revived").map(({ generation }) => generation),
    );
    expect(generations).to.deep.equal([2, 3, 4]);
  });

  it("goes on in each where the one before stopped", () => {
    const last = runs.slice(0, -1).map((ran) => logOf(ran, "weather").at(-1)?.slice(0, 7));
    const next = runs.slice(1).map((ran) => logOf(ran, "weather")[0]?.slice(0, 7));
    expect(last).to.deep.equal(QUARTERS);
    expect(next).to.deep.equal(["2013 Q1", "2013 Q4", "2015 Q2"]);
  });

  it("writes the report that an uninterrupted run writes", async () => {
    const straight = await readFile(join(repository, "scenarios", "weather.yaml"), "utf8");
    const [, digest = "none"] = /&report ([0-9a-f]{64})/.exec(straight) ?? [];
    const report = await readFile(join(folder, "reports", "weather.txt"));
    expect(createHash("sha256").update(report).digest("hex")).to.equal(digest);
  });
});
