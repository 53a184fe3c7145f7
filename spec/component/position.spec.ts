import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { QuickJS } from "quickjs-wasi";
import { E } from "../../lib/fp.ts";
import { type Compiled, compileComponent } from "../../runtime/component/compile.ts";
import { firstPosition, mapStack } from "../../runtime/component/position.ts";
import { withProject } from "./project.ts";

const compiled = async (files: Readonly<Record<string, string>>): Promise<Compiled> => {
  let made: Compiled | undefined;
  await withProject(files, async (folder) => {
    const result = await compileComponent({ file: join(folder, "a.ts"), roots: [], guestNames: [] });
    if (E.isRight(result)) made = result.right;
  });
  if (made === undefined) throw new Error("it did not compile");
  return made;
};

/** The stack of what `main` throws, as the engine tells it. */
const stackOf = async ({ code, name }: Compiled): Promise<string> => {
  const wasm = await readFile(createRequire(import.meta.url).resolve("quickjs-wasi/quickjs.wasm"));
  const vm = await QuickJS.create({ wasm });
  vm.evalCode(
    "globalThis.__cryonode = { start: (main) => { try { main(); } catch (e) { globalThis.stack = e.stack; } } };",
    "guest.js",
  );
  vm.evalCode(code, name);
  return vm.evalCode("globalThis.stack", "spec.js").toString();
};

describe("positions in stacks", () => {
  it("names the author's lines for what the engine says of compiled code", async () => {
    const component = await compiled({
      "a.ts": [
        `import { fail } from "./lib/fail.ts";`,
        `interface Options { readonly text: string }`,
        ``,
        `const outer = ({ text }: Options): void => { "größer 日本 😀"; fail(text); };`,
        `export default () => outer({ text: "x" });`,
      ].join("\n"),
      "lib/fail.ts": `type Unused = string;\n\nexport function fail(text: Unused): never {\n  throw new Error(text);\n}\n`,
    });
    const mapped = mapStack(await stackOf(component), component.name, component.sourceMap);
    expect(mapped.split("\n").filter((line) => line !== "")).to.deep.equal([
      // The engine's column of a call is that of its last variable.
      "    at fail (lib/fail.ts:4:19)",
      "    at outer (a.ts:4:67)",
      "    at a_default (a.ts:5:22)",
    ]);
    expect(firstPosition(mapped)).to.deep.equal({ file: "lib/fail.ts", line: 4, column: 19 });
  });

  it("leaves out the guest library and keeps every frame that it can't map", async () => {
    const { name, sourceMap } = await compiled({ "a.ts": `export default () => 1;` });
    const stack = [
      "    at f (guest.js:1:2)",
      "    at guest.js:1:2",
      "    at map (native)",
      "    at <input>:1:4",
      "    at f (other.js:3:4)",
      `    at f (${name}:99999:1)`,
      "    at f (not guest.js:1:2)",
      "no frame at all (guest.js:1:2)",
    ];
    expect(mapStack(stack.join("\n"), name, sourceMap).split("\n")).to.deep.equal(stack.slice(2));
  });

  it("finds no position where the author has none", () => {
    expect(
      firstPosition("    at map (native)\n    at <input>:1:4\n    at f (cryonode:io-ts/es6/index.js:1:1)"),
    ).to.equal(undefined);
    expect(firstPosition("    at <input>:1:4\n    at f (a.ts:3:4)")).to.deep.equal({
      file: "a.ts",
      line: 3,
      column: 4,
    });
    expect(firstPosition("")).to.equal(undefined);
  });

  it("reads a function's name that is made to look like a position", async () => {
    const { name, sourceMap } = await compiled({ "a.ts": `\n\nexport default () => 1;` });
    const line = /start/.exec(sourceMap) === null ? 1 : 2;
    const frame = `    at f (guest.js:1:1) (${name}:${line}:1)`;
    expect(mapStack(frame, name, sourceMap)).to.match(/^ {4}at f \(guest\.js:1:1\) \(a\.ts:3:\d+\)$/);
  });

  it("fault 17: leaves a frame as it is where the map is hostile, and never throws", () => {
    const frame = "    at f (a.js:1:1)";
    const control = JSON.stringify({ version: 3, sources: ["\u001b[2Jx"], names: [], mappings: "AAAA" });
    const hostile = [
      "",
      "null",
      "[]",
      "{",
      `{"version":3,"sources":null,"mappings":7}`,
      `{"version":3,"sources":[{"a":1}],"names":[],"mappings":"AAAA"}`,
      `{"version":3,"sources":[],"names":[],"mappings":"AAAA"}`,
      `{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":null}]}`,
      `{"version":3,"__proto__":{"sources":["x"]},"mappings":"AAAA"}`,
      control,
    ];
    for (const map of hostile) expect(mapStack(frame, "a.js", map)).to.equal(frame);
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.json(), fc.string(), (stack, name, json, mappings) => {
        mapStack(stack, name, json);
        const map = JSON.stringify({ version: 3, sources: ["a.ts"], names: [], mappings });
        const said = mapStack(`${stack}\n${frame}`, "a.js", map);
        expect(said.split("\n").at(-1)).to.match(/^ {4}at f \(a\.(js|ts):\d+:\d+\)$/);
      }),
    );
  });
});
