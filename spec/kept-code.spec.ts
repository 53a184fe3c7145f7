// A script's compiled code beside it: what was kept is used, and nothing else ever is.
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const LOADER = new URL("../runtime/kept-code.js", import.meta.url);
const GROWTH = new URL("../runtime/heap-growth.js", import.meta.url);
const BUNDLED = fileURLToPath(new URL("../bin", import.meta.url));
const PACKAGE = fileURLToPath(new URL("../../package.json", import.meta.url));

/** `answer` is compiled when it is called. */
const script = (answer: string): string =>
  `(function (exports, require, module, __filename, __dirname) { exports.answer = () => ${JSON.stringify(answer)}; })`;

/** Loads the script in a process of its own, and tells what it answered and what was kept of it before. */
const PROGRAM = `
import { createRequire } from "node:module";
import { Script } from "node:vm";
const vm = createRequire(import.meta.url)("node:vm");
let used = "nothing";
vm.Script = class extends Script {
  constructor(text, options) {
    super(text, options);
    if (options.cachedData !== undefined) used = this.cachedDataRejected ? "rejected" : "kept";
  }
};
(await import("node:module")).syncBuiltinESMExports();
const { runScript } = await import(process.argv[1]);
const { answer } = runScript(process.argv[2], "spec");
if (process.env.GROWS === "1") (await import(process.argv[3])).growFreely();
console.log(JSON.stringify({ answer: answer(), used }));
`;

interface Told {
  readonly answer: string;
  readonly used: "nothing" | "kept" | "rejected";
}

describe("compiled code that is kept", () => {
  const inFolder = (play: (file: string, code: string) => Promise<void>) =>
    async function (this: Mocha.Context): Promise<void> {
      this.timeout(60_000);
      const folder = await mkdtemp(join(tmpdir(), "cryonode-code-"));
      try {
        await play(join(folder, "script.cjs"), join(folder, "code"));
      } finally {
        await chmod(folder, 0o700);
        await rm(folder, { recursive: true, force: true });
      }
    };

  const load = (
    file: string,
    env: Readonly<Record<string, string>> = {},
    options: readonly string[] = [],
  ): Told => {
    const ran = spawnSync(
      process.execPath,
      [...options, "--input-type=module", "-e", PROGRAM, LOADER.href, file, GROWTH.href],
      { encoding: "utf8", env: { ...process.env, CRYONODE_CODE_CACHE: "", ...env } },
    );
    if (ran.status !== 0) throw new Error(ran.stderr);
    return JSON.parse(ran.stdout) as Told;
  };

  const kept = async (code: string): Promise<string> => {
    const names = await readdir(code);
    expect(names).to.have.lengthOf(1);
    return join(code, names[0]!);
  };

  it(
    "is used by the next process, until the script is another",
    inFolder(async (file, code) => {
      await writeFile(file, script("one"));
      expect(load(file)).to.deep.equal({ answer: "one", used: "nothing" });
      expect(load(file)).to.deep.equal({ answer: "one", used: "kept" });
      // As long as the one before: the engine's own check would take what was kept for it.
      await writeFile(file, script("two"));
      expect(load(file)).to.deep.equal({ answer: "two", used: "nothing" });
      expect(load(file)).to.deep.equal({ answer: "two", used: "kept" });
      await kept(code);
    }),
  );

  it(
    "fault 16: with a bit flipped, cut off or emptied it is as if it were not there, and is kept anew",
    inFolder(async (file, code) => {
      await writeFile(file, script("one"));
      load(file);
      const path = await kept(code);
      const whole = await readFile(path);
      const flipped = Buffer.from(whole);
      flipped[whole.length >> 1]! ^= 1;
      for (const damaged of [flipped, whole.subarray(0, whole.length - 7), Buffer.alloc(0)]) {
        await writeFile(path, damaged);
        expect(load(file)).to.deep.equal({ answer: "one", used: "nothing" });
        expect(load(file)).to.deep.equal({ answer: "one", used: "kept" });
      }
    }),
  );

  it(
    "of another script, or kept under other options, is not used",
    inFolder(async (file, code) => {
      await writeFile(file, script("one"));
      load(file);
      const path = await kept(code);
      const ofOne = await readFile(path);
      await writeFile(file, script("two"));
      await writeFile(path, ofOne);
      expect(load(file)).to.deep.equal({ answer: "two", used: "nothing" });
      expect(load(file, {}, ["--no-opt"])).to.deep.equal({ answer: "two", used: "nothing" });
      expect(load(file, { CRYONODE_CODE_CACHE: "off" })).to.deep.equal({ answer: "two", used: "nothing" });
      expect(load(file)).to.deep.equal({ answer: "two", used: "kept" });
      expect(await readdir(code)).to.have.lengthOf(2);
    }),
  );

  it(
    "is kept by a process whose flags have changed as if they had not",
    inFolder(async (file, code) => {
      await writeFile(file, script("one"));
      expect(load(file, { GROWS: "1" })).to.deep.equal({ answer: "one", used: "nothing" });
      expect(load(file)).to.deep.equal({ answer: "one", used: "kept" });
      await kept(code);
    }),
  );

  it(
    "is nowhere where nothing can be written, and the script runs",
    inFolder(async (file, code) => {
      await writeFile(file, script("one"));
      // A file where the folder should be: nobody, root neither, can write below it.
      await writeFile(code, "");
      expect(load(file)).to.deep.equal({ answer: "one", used: "nothing" });
      expect(load(file)).to.deep.equal({ answer: "one", used: "nothing" });
      expect(await readFile(code, "utf8")).to.equal("");
    }),
  );

  it(
    "the command works without it, where everything it consists of is read only",
    inFolder(async (file) => {
      const dist = join(file, "../dist");
      await mkdir(dist, { recursive: true });
      await cp(BUNDLED, join(dist, "bin"), { recursive: true });
      await cp(PACKAGE, join(dist, "../package.json"));
      for (const part of ["command", "shard"]) {
        await rm(join(dist, "bin", part, "code"), { recursive: true, force: true });
        await writeFile(join(dist, "bin", part, "code"), "");
      }
      const program = join(dist, "bin/command/main.js");
      const ran = spawnSync(process.execPath, [program, "--version"], { encoding: "utf8" });
      const { version } = JSON.parse(await readFile(PACKAGE, "utf8")) as { readonly version: string };
      expect([ran.stderr, ran.stdout]).to.deep.equal(["", `${version}\n`]);
    }),
  );

  it("a build keeps it for each command that needs much, and for a thread", async () => {
    const names = await Promise.all(["command", "shard"].map((part) => readdir(join(BUNDLED, part, "code"))));
    const uses = new Set(names.flat().map((name) => name.split(".").slice(0, 3).join(".")));
    expect([...uses]).to.include.members([
      "command.cjs.up",
      "command.cjs.run",
      "command.cjs.other",
      "shard.cjs.shard",
    ]);
  });
});
