// What is wrong is found before anything was started or changed: status 2, the place, and the nearest right word.
import { existsSync } from "node:fs";
import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { changed, COUNTER, PROJECT, SCENARIO, withDesk } from "./cli.ts";

const FILE = "scenarios/counter.yaml";
const COMPONENT = "components/counter.ts";

/** One slip, and the first line it is complained about with. */
const SLIPS: readonly (readonly [what: string, files: Record<string, string>, complaint: RegExp])[] = [
  [
    "a misspelt key",
    { [FILE]: changed(SCENARIO, "caps: 100\n", "cpas: 100\n") },
    /^scenarios\/counter\.yaml:17:5: unknown key "cpas" in start\.counter; .*did you mean "caps"\?\n$/,
  ],
  [
    "a missing component",
    { [FILE]: changed(SCENARIO, "components/counter.ts", "components/conter.ts") },
    /^scenarios\/counter\.yaml:14:16: .*conter\.ts.*did you mean "\.\.\/components\/counter\.ts"\?\n$/,
  ],
  [
    "a wrong type",
    { [FILE]: changed(SCENARIO, "ram: 8M", "ram: plenty") },
    /^scenarios\/counter\.yaml:16:10: start\.counter\.ram is "plenty"; expected a size such as 64M/,
  ],
  ["a file that is no YAML", { [FILE]: "scenario: [a" }, /^scenarios\/counter\.yaml:1:\d+: /],
  [
    "a directory that is a file",
    { "scenarios/data": "" },
    /^scenarios\/counter\.yaml:7:26: hosts\.here\.files\.data\.directory is "\.\/data", and that is no folder/,
  ],
  [
    "an image of nobody's making",
    { [FILE]: changed(SCENARIO, "  - freeze: { child: counter, image: counter.cryo }\n", "") },
    /^scenarios\/counter\.yaml:25:5: .*counter\.cryo/,
  ],
  [
    "node:fs",
    { [COMPONENT]: `import { readFileSync } from "node:fs";\n${COUNTER}` },
    /^components\/counter\.ts:1:30: `node:fs` is not there for a component/,
  ],
  [
    "what is no TypeScript",
    { [COMPONENT]: changed(COUNTER, "let n = 1", "let n = = 1") },
    /^components\/counter\.ts:8:16: /,
  ],
  [
    "an import outside the folder",
    { [COMPONENT]: `import "../../../elsewhere.ts";\n${COUNTER}` },
    /^components\/counter\.ts:1:8: /,
  ],
];

describe("cryonode: wrong input", () => {
  for (const [what, files, complaint] of SLIPS)
    it(`${what} is found by run, and nothing is changed`, () =>
      withDesk({ ...PROJECT, ...files }, async ({ cli, folder }) => {
        const { status, stdout, stderr } = await cli(["run", FILE, "--json"]);
        expect(stderr).to.match(complaint);
        expect(stdout).to.equal("");
        expect(status).to.equal(2);
        expect(existsSync(join(folder, ".cryonode"))).to.equal(false);
        if (!("scenarios/data" in files)) expect(existsSync(join(folder, "scenarios/data"))).to.equal(false);
      }));

  it("check reports type errors too, all of them, beside what does not compile", () =>
    withDesk(
      {
        ...PROJECT,
        [COMPONENT]: changed(COUNTER, "timer.sleep(100)", 'timer.sleep("long")'),
        "components/other.ts": `import "node:net";\n${changed(COUNTER, "let n = 1", "let n: string = 1")}`,
        [FILE]: changed(SCENARIO, "start:\n", "start:\n  other: { component: ../components/other.ts }\n"),
      },
      async ({ cli }) => {
        const { status, stdout, stderr } = await cli(["check", FILE]);
        expect(stderr).to.match(/^components\/other\.ts:1:8: `node:net` is not there/m);
        expect(stderr).to.match(/^components\/other\.ts:9:12: .*\(TS2322\)/m);
        expect(stderr).to.match(/^components\/counter\.ts:11:23: .*\(TS2345\)/m);
        expect(stdout).to.equal("");
        expect(status).to.equal(2);
      },
    ));

  it("check says ok to what is right, and makes nothing", () =>
    withDesk(PROJECT, async ({ cli, folder }) => {
      const { status, stdout, stderr } = await cli(["check", FILE]);
      expect([status, stdout, stderr]).to.deep.equal([0, `ok  ${FILE}  (1 component, 6 steps)\n`, ""]);
      expect(existsSync(join(folder, ".cryonode"))).to.equal(false);
    }));

  for (const [args, complaint] of [
    [["rnu", FILE], /unknown command 'rnu'; did you mean "run"\?/],
    [["run"], /missing required argument 'file'/],
    [["run", FILE, "--jsno"], /unknown option '--jsno'; did you mean "--json"\?/],
    [["run", "scenarios/conter.yaml"], /^scenarios\/conter\.yaml:1:1: .*did you mean "counter\.yaml"\?/],
    [["up", FILE], /^scenarios\/counter\.yaml:\d+:5: steps stand here.*`cryonode run`/],
    [["up", "scenarios/conter.yaml"], /^scenarios\/conter\.yaml:1:1: .*did you mean "counter\.yaml"\?/],
    [
      ["migrate", "counter"],
      /^cryonode: migrate counter: expected one of --to PEER, --from PEER, --abort and --resolve/,
    ],
    [["verify", "counter.cryo", "--trust", "me"], /--trust: "me" is not a public key/],
    [["inspect", "counter.cryo"], /^\.cryonode\/counter\.cryo: there is no such image/],
    [[], /^Usage: cryonode/],
  ] as const)
    it(`cryonode ${args.join(" ")}`, () =>
      withDesk(PROJECT, async ({ cli, folder }) => {
        const { status, stdout, stderr } = await cli(args);
        expect(stderr).to.match(complaint);
        expect(stdout).to.equal("");
        expect(status).to.equal(2);
        expect(existsSync(join(folder, ".cryonode"))).to.equal(false);
      }));
});

describe("cryonode: an image that is not what it was", () => {
  const REVIVE =
    changed(SCENARIO.slice(0, SCENARIO.indexOf("  - until")), "on: here  ", "later: true\n    on: here  ") +
    `  - revive: { image: counter.cryo }\n`;
  let good: Buffer;
  let key: Buffer;
  before(() =>
    withDesk(PROJECT, async ({ cli, folder, write }) => {
      await write("scenarios/freeze.yaml", SCENARIO.slice(0, SCENARIO.indexOf("  - revive")));
      expect((await cli(["run", "scenarios/freeze.yaml"])).status).to.equal(0);
      good = await readFile(join(folder, ".cryonode/counter.cryo"));
      key = await readFile(join(folder, ".cryonode/key"));
    }),
  );

  const altered = (bytes: Buffer): Buffer => {
    const copy = Buffer.from(bytes);
    copy[copy.length >> 1]! ^= 1;
    return copy;
  };
  for (const [what, bytes, own, complaint] of [
    ["fault 15: a truncated one", () => good.subarray(0, good.length - 1), true, /ends early/],
    ["fault 16: one with a bit flipped", () => altered(good), true, /is damaged: its checksum is/],
    [
      "fault 22: another host's",
      () => good,
      false,
      /signed by ed25519:\S+, but this host trusts no key at all/,
    ],
    ["no image at all", () => Buffer.from("hello"), true, /not an image of Cryonode/],
  ] as const)
    it(`${what} is refused by verify and by run, which changes nothing`, () =>
      withDesk({ ...PROJECT, "scenarios/revive.yaml": REVIVE }, async ({ cli, folder, write }) => {
        await write(".cryonode/counter.cryo", bytes());
        if (own) await write(".cryonode/key", key);
        if (own) await chmod(join(folder, ".cryonode/key"), 0o600);
        const verified = await cli(["verify", "counter.cryo"]);
        expect(verified.stderr).to.match(complaint);
        expect(verified.stderr).to.match(/^\.cryonode\/counter\.cryo: /);
        expect(verified.status).to.equal(2);
        const run = await cli(["run", "scenarios/revive.yaml"]);
        expect(run.stderr).to.match(complaint);
        expect(run.stderr).to.match(/^scenarios\/revive\.yaml:25:5: /);
        expect(run.status).to.equal(2);
        expect(existsSync(join(folder, ".cryonode/key"))).to.equal(own);
        // What is whole may be looked at, whoever signed it.
        expect((await cli(["inspect", "counter.cryo"])).status).to.equal(own ? 2 : 0);
      }));

  it("another host's is accepted where its key is given", () =>
    withDesk({}, async ({ cli, write, folder }) => {
      await write("there/key", key);
      await chmod(join(folder, "there/key"), 0o600);
      await write("counter.cryo", good);
      const { stdout } = await cli(["key", "--state", "there"]);
      const verified = await cli(["verify", "--trust", stdout.trim(), "./counter.cryo"]);
      expect(verified.stderr).to.equal("");
      expect(verified.stdout).to.match(/^ok {2}counter\.cryo .*\n {4}signed by ed25519:/);
      expect(verified.status).to.equal(0);
    }));
});
