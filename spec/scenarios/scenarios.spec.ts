// Every scenario in the repository, by the command line, to its own verdict.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { complaints, repository, run } from "./cryonode.ts";

const folder = join(repository, "scenarios");

/** Run by specs of their own, which give them the surroundings they need. */
const ELSEWHERE = ["dialogue.yaml"];

const files = readdirSync(folder).filter((name) => name.endsWith(".yaml") && !ELSEWHERE.includes(name));

describe("the scenarios of the repository", function () {
  // One of them waits for a watchdog that is in no hurry.
  this.timeout(60_000);

  it("are there", () => {
    expect(files).to.include.members(["counter.yaml", "weather.yaml"]);
  });

  for (const file of files)
    it(`${file} comes to its verdict`, async () => {
      expect(complaints(await run(join(folder, file)))).to.deep.equal([]);
    });
});
