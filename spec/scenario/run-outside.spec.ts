// The outside world, and the verdict: what steps do to it, and how expectations that fail say so.
import { expect } from "chai";
import { Playhouse, scenarioOf } from "./playhouse.ts";

describe("scenario: the outside world and the verdict", () => {
  let house: Playhouse;
  before(async () => {
    house = await Playhouse.open();
  });
  after(() => house.close());

  const CHILD = `  counter: { component: counter.ts, later: true, config: { upTo: 2 }, routes: ROUTES }`;

  it("files are written with their folders, replaced and removed, in memory and on the disk", async () => {
    const { verdict } = await house.play(`scenario: files
hosts:
  here: { files: { data: { memory: true }, disk: { directory: ./disk } } }
start: {}
steps:
${["data", "disk"]
  .map(
    (name) => `  - write: { file: ${name}/a/b/c.txt, text: "a longer text" }
  - write: { file: ${name}/a/b/c.txt, text: "x\\n" }
  - expect: { file: ${name}/a/b/c.txt, text: "x\\n" }
  - expect: { file: ${name}/a/b/c.txt, sha256: 73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac }
  - remove: { file: ${name}/a/b/c.txt }
  - remove: { file: ${name}/a/b/c.txt }
  - write: { file: ${name}/a, text: "" }
  - expect: { error: write, matches: /a is a directory/ }
`,
  )
  .join("")}`);
    expect(verdict.reason).to.equal("");
  });

  it("ROMs change under a child that watches", async () => {
    await house.write(
      "reader.ts",
      `import { component, Log, Rom } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const rom = await env.session(Rom, { label: "banner" });
  for (;;) {
    await log.write(await rom.text());
    await rom.changed();
  }
});`,
    );
    const { verdict } = await house.play(
      scenarioOf(
        `  reader: { component: reader.ts, routes: ROUTES }`,
        `  - until: { child: reader, log: hello }
  - rom: { name: banner, text: good day }
  - until: { child: reader, log: good day }
  - rom: { name: banner, json: { degrees: 20 } }
  - until: { child: reader, log: '{"degrees":20}' }`,
      ),
    );
    expect(verdict.reason).to.equal("");
  });

  for (const [what, step, reason] of [
    [
      "a file's line",
      `expect: { file: data/f.txt, lines: ["1", "two"] }`,
      `data/f.txt: line 2 is "2", expected "two"\n  found\n      1 "1"\n      2 "2"\n      3 "3"\n  expected\n      1 "1"\n      2 "two"`,
    ],
    ["a file that is not there", `expect: { file: data/g.txt, text: "" }`, `g.txt does not exist`],
    [
      "a file's text",
      `expect: { file: data/f.txt, text: "1" }`,
      `data/f.txt: found "1\\n2\\n3\\n", expected "1"`,
    ],
    [
      "a log",
      `expect: { log: counter, lines: ["count 1", "...", "count 3"] }`,
      `the log of counter: line 2 is "count 2", expected "count 3"`,
    ],
    [
      "a gate",
      `expect: { gate: line, sent: word }`,
      `what was sent through gate line: it ends before line 1`,
    ],
    [
      "an exit",
      `expect: { exit: counter, code: 3 }`,
      `counter: found it exited with code 0, expected an exit with code 3`,
    ],
    ["a fault", `expect: { fault: counter }`, `counter: found it exited with code 0, expected a fault`],
    [
      "a denial",
      `expect: { denied: counter, service: ROM }`,
      `what counter was denied: found nothing, expected ROM`,
    ],
    [
      "an error",
      `remove: { file: data/f.txt }\n  - expect: { error: remove }`,
      `the step before: found that it went through, expected an error of remove`,
    ],
    [
      "an unexpected error",
      `kill: { child: counter }\n  - remove: { file: data/f.txt }`,
      `there is no child counter`,
    ],
    [
      "another error",
      `kill: { child: counter }\n  - expect: { error: kill, matches: busy }`,
      `kill: found "there is no child counter", expected an error of kill "busy"`,
    ],
  ] as const)
    it(`a verdict that fails for ${what} says so`, async () => {
      const { verdict, events } = await house.play(
        scenarioOf(
          CHILD,
          `  - start: counter
  - until: { child: counter, exit: 0 }
  - write: { file: data/f.txt, text: "1\\n2\\n3\\n" }
  - ${step}`,
        ),
      );
      expect(verdict.ok).to.equal(false);
      expect(verdict.reason.startsWith(reason), verdict.reason).to.equal(true);
      expect(events.at(-1)).to.include({ event: "verdict", ok: false });
    });
});
