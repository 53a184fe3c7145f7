// docs/embedding.md does what it says, and other projects get the types.
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { fencedBlock } from "../docs/fenced-block.ts";
import { inProject } from "./project.ts";

describe("embedding: docs/embedding.md", () => {
  it("compiles, runs and prints what it says", () =>
    inProject(async ({ write, compile, node }) => {
      const page = await readFile(new URL("../../../docs/embedding.md", import.meta.url), "utf8");
      await write("tally.ts", fencedBlock(page, "ts", "// tally.ts\n"));
      await write("program.ts", fencedBlock(page, "ts", "// program.ts\n"));
      expect(await compile()).to.deep.equal({ status: 0, stdout: "", stderr: "" });
      expect(await node("out/program.js")).to.deep.equal({
        status: 0,
        stdout: fencedBlock(page, "text", "tally: tally 1"),
        stderr: "",
      });
    }));

  it("law 3: keeps a component over the end of its host, which has its state directory alone", () =>
    inProject(async ({ folder, write, compile, node }) => {
      const page = await readFile(new URL("../../../docs/embedding.md", import.meta.url), "utf8");
      for (const name of ["io-ts", "fp-ts"])
        await symlink(
          fileURLToPath(new URL(`../../../node_modules/${name}`, import.meta.url)),
          join(folder, "node_modules", name),
        );
      await write("teller.ts", fencedBlock(page, "ts", "// teller.ts\n"));
      await write("keep.ts", fencedBlock(page, "ts", "// keep.ts\n"));
      expect(await compile()).to.deep.equal({ status: 0, stdout: "", stderr: "" });
      const stdout = fencedBlock(page, "text", "5\n8\n");
      expect(await node("out/keep.js")).to.deep.equal({ status: 0, stdout, stderr: "" });
      expect(await readFile(join(folder, "data", "book.txt"), "utf8")).equal("5\n3\n1\n");
    }));
});

describe("embedding: types in other projects", () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    [
      "a component",
      'export default component(async (env) => void (await env.session(Log)).write("x"));',
      null,
    ],
    [
      "a wrong argument",
      "export default component(async (env) => (await env.session(Log)).write(1));",
      "TS2345",
    ],
    [
      "a method that is not there",
      "export default component(async (env) => (await env.session(Log)).print());",
      "TS2339",
    ],
    ["an event", 'host.on("faulted", ({ at }) => void at?.length);', null],
    ["an event's wrong field", 'host.on("log", ({ at }) => at);', "TS2339"],
    ["an event that there is none of", 'host.on("loged", () => {});', "TS2345"],
    ["a frozen child", 'void host.child("x")!.freeze("x.cryo").then(({ bytes }) => bytes.toFixed());', null],
    ["a wrong option", "void Host.open({ cap: 7 });", "TS2561"],
    ["a wrong right", 'void Host.open({ files: { x: { directory: ".", rights: ["reed"] } } });', "TS2322"],
  ];

  it("are there, and catch what is wrong", () =>
    inProject(async ({ write, compile }) => {
      const opening = `import { component, Log } from "cryonode";
import { Host } from "cryonode/runtime";
declare const host: Host;
void [component, Log, Host, host];
`;
      for (const [at, [, text]] of cases.entries())
        await write(`case-${at}.ts`, `${opening}${text}\nexport {};\n`);
      const { stdout } = await compile();
      const errors = new Map(
        [...stdout.matchAll(/^case-(\d+)\.ts\(5,\d+\): error (TS\d+)/gm)].map(([, at, code]) => [
          Number(at),
          code!,
        ]),
      );
      expect(cases.map(([name], at) => [name, errors.get(at) ?? null])).to.deep.equal(
        cases.map(([name, , code]) => [name, code]),
      );
      expect(stdout.split("\n").filter((line) => line !== "" && !/^(case-|\s)/.test(line))).to.deep.equal([]);
    }));
});
