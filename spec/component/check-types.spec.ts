import { join, relative } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { checkTypes } from "../../runtime/component/check-types.ts";
import { compileComponent } from "../../runtime/component/compile.ts";
import { renderDiagnostic } from "../../runtime/diagnostic.ts";
import { withProject } from "./project.ts";

const check = async (folder: string, ...files: readonly string[]): Promise<readonly string[]> =>
  (
    await checkTypes(
      files.map((file) => join(folder, file)),
      [],
    )
  ).map((it) => renderDiagnostic({ ...it, file: relative(folder, it.file) }));

describe("checking a component's types", function () {
  // Each test runs the TypeScript compiler once or twice, which a busy machine may take its time over.
  this.timeout(120_000);

  it("finds at its place what the compilation to JavaScript does not look at", async () => {
    await withProject(
      {
        "a.ts": `import { n } from "./b.ts";\nconst text: string = n;\nexport default () => text;`,
        "b.ts": `export const n: number = "1";`,
      },
      async (folder) => {
        expect(E.isRight(await compileComponent({ file: join(folder, "a.ts"), roots: [] }))).to.equal(true);
        expect(await check(folder, "a.ts")).to.have.members([
          "a.ts:2:7: Type 'number' is not assignable to type 'string'. (TS2322)",
          "b.ts:1:14: Type 'string' is not assignable to type 'number'. (TS2322)",
        ]);
      },
    );
  });

  it("gives cryonode, io-ts and fp-ts their types, lent or not", async () => {
    await withProject(
      {
        "a.ts": `
          import { component, Timer } from "cryonode";
          import * as t from "io-ts";
          import * as E from "fp-ts/Either";
          export default component(async (env) => {
            const timer = await env.session(Timer);
            await timer.sleep(1);
            const decoded: E.Either<t.Errors, number> = t.number.decode(1);
            return void E.isRight(decoded);
          });`,
        "b.ts": `
          import { component, Timer } from "cryonode";
          export default component(async (env) => {
            const timer = await env.session(Timer);
            await timer.sleep("long");
          });`,
      },
      async (folder) => {
        const said = await check(folder, "a.ts", "b.ts");
        expect(said).to.have.length(1);
        expect(said[0]).to.match(/^b\.ts:5:31: Argument of type 'string' is not assignable .*\(TS2345\)$/);
      },
    );
  });

  it("knows the globals that a component has, and no others", async () => {
    await withProject(
      {
        "a.ts": `
          const text = new TextDecoder().decode(new TextEncoder().encode("x"));
          const copy: { n: number } = structuredClone({ n: 1 });
          const id = setTimeout((n: number) => console.log(n), 5, copy.n);
          clearTimeout(id);
          queueMicrotask(() => undefined);
          clearImmediate(setImmediate(() => console.dir({ copy }, { depth: null })));
          if (text === "y") throw new DOMException("a", "AbortError");
          crypto.getRandomValues(new Uint8Array(4));
          export default () => [text, new URL("a", "b:").searchParams.get("c"), crypto.randomUUID(), performance.now(), atob(btoa("x"))];`,
        "b.ts": `export default () => process;`,
        "c.ts": `export default () => window;`,
        "d.ts": `export default () => fetch("x");`,
      },
      async (folder) => {
        const said = await check(folder, "a.ts", "b.ts", "c.ts", "d.ts");
        expect(said.map((it) => it.split(":").slice(0, 3).join(":"))).to.have.members([
          "b.ts:1:22",
          "c.ts:1:22",
          "d.ts:1:22",
        ]);
        expect(said.join("\n")).not.to.include("install");
      },
    );
  });

  it("consults no tsconfig of the component's and takes packages and components in plain JavaScript", async () => {
    await withProject(
      {
        "tsconfig.json": `{ "compilerOptions": { "strict": false, "lib": ["dom"] } }`,
        "a.ts": `import add from "adder";\nimport data from "./data.json";\nconst f = (x) => x;\nexport default () => [add, data.one, f];`,
        "data.json": `{ "one": 1 }`,
        "plain.js": `export default (x) => x;`,
        "node_modules/adder/package.json": `{ "name": "adder", "main": "index.js" }`,
        "node_modules/adder/index.js": `module.exports = (a, b) => a + b;`,
      },
      async (folder) => {
        const said = await check(folder, "a.ts", "plain.js");
        expect(said).to.have.length(1);
        expect(said[0]).to.match(/^a\.ts:3:12: Parameter 'x' implicitly has an 'any' type/);
      },
    );
  });

  it("says of an absent module what the compilation says", async () => {
    await withProject({ "a.ts": `import fs from "node:fs";\nexport default () => fs;` }, async (folder) => {
      const file = join(folder, "a.ts");
      const compilation = await compileComponent({ file, roots: [], guestNames: [] });
      expect(E.isLeft(compilation) && compilation.left).to.deep.equal(await checkTypes([file], []));
    });
  });

  it("is a diagnostic where the file is not there", async () => {
    await withProject({}, async (folder) => {
      expect(await check(folder, "a.ts")).to.deep.equal(["a.ts:1:1: there is no such file"]);
    });
  });
});
