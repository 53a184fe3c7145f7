import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import { runInNewContext } from "node:vm";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { renderDiagnostic } from "../../runtime/diagnostic.ts";
import { type Compiled, compileComponent } from "../../runtime/component/compile.ts";
import { withProject } from "./project.ts";

const names = ["component", "Log", "Timer", "FileSystem"];

const compile = async (folder: string, file: string): Promise<Compiled> => {
  const result = await compileComponent({ file: join(folder, file), roots: [], guestNames: names });
  if (E.isLeft(result)) throw new Error(result.left.map(renderDiagnostic).join("\n"));
  return result.right;
};

/** What is wrong, as `FILE:LINE:COLUMN: message` with the file relative to the folder. */
const faults = async (folder: string, file: string): Promise<readonly string[]> => {
  const result = await compileComponent({ file: join(folder, file), roots: [], guestNames: names });
  if (E.isRight(result)) throw new Error("it compiled");
  return result.left.map((it) => renderDiagnostic({ ...it, file: relative(folder, it.file) }));
};

/** What the compiled code hands to the guest library. */
const started = (code: string): unknown => {
  let main: unknown;
  const library = {
    exports: { component: (run: unknown) => run, Log: "the LOG contract" },
    start: (it: unknown) => {
      main = it;
    },
  };
  runInNewContext(code, { __cryonode: library });
  return main;
};

describe("compiling a component", () => {
  it("bundles local helpers, JSON and a package in plain JavaScript into one module", async () => {
    await withProject(
      {
        "sum.ts": `
          import { component, Log } from "cryonode";
          import add from "adder";
          import data from "./data.json";
          import { twice } from "./lib/twice.ts";
          export default component(() => [twice(add(data.one, 1)), Log]);`,
        "data.json": `{ "one": 1 }`,
        "lib/twice.ts": `export const twice = (n: number): number => 2 * n;`,
        "node_modules/adder/package.json": `{ "name": "adder", "main": "index.js" }`,
        "node_modules/adder/index.js": `module.exports = (a, b) => a + b;`,
      },
      async (folder) => {
        const compiled = await compile(folder, "sum.ts");
        const main = started(compiled.code) as () => unknown;
        expect(JSON.stringify(main())).to.equal(`[4,"the LOG contract"]`);
        expect(compiled.name).to.equal("sum.js");
        expect(compiled.file).to.equal(join(folder, "sum.ts"));
        expect(compiled.hash).to.equal(createHash("sha256").update(compiled.code).digest("hex"));
        expect([...compiled.sources].sort()).to.deep.equal(
          ["data.json", "lib/twice.ts", "node_modules/adder/index.js", "sum.ts"].map((it) =>
            join(folder, it),
          ),
        );
        expect(compiled.warnings).to.deep.equal([]);
      },
    );
  });

  it("gives import and require each their half of a package that has two", async () => {
    await withProject(
      {
        "a.ts": `import modern from "dual";\nimport old from "old";\nexport default () => [modern, old];`,
        "node_modules/dual/package.json": `{ "exports": { "node": "./node.js", "import": "./a.mjs", "require": "./a.cjs" } }`,
        "node_modules/dual/a.mjs": `export default "import";`,
        "node_modules/dual/a.cjs": `module.exports = "require";`,
        "node_modules/dual/node.js": `module.exports = "node";`,
        "node_modules/old/index.js": `module.exports = require("dual");`,
      },
      async (folder) => {
        const main = started((await compile(folder, "a.ts")).code) as () => unknown;
        expect(JSON.stringify(main())).to.equal(`["import","require"]`);
      },
    );
  });

  it("makes the same code of the same files wherever their folder lies, and names no folder", async () => {
    const files = { "a.ts": `import * as t from "io-ts"; export default () => t.number.is(1);` };
    const made: Compiled[] = [];
    const keep = async (folder: string): Promise<void> => {
      const compiled = await compile(folder, "a.ts");
      expect(compiled.code + compiled.sourceMap).not.to.include(folder);
      made.push(compiled);
    };
    await withProject(files, keep);
    await withProject(files, keep);
    expect(made[0]?.hash).to.equal(made[1]?.hash);
    expect(made[0]?.sourceMap).to.equal(made[1]?.sourceMap);
  });

  it("carries no binding of the guest library that the component doesn't use", async () => {
    await withProject(
      { "a.ts": `import { component } from "cryonode"; export default component(() => 1);` },
      async (folder) => {
        const { code } = await compile(folder, "a.ts");
        expect(code).to.include(`"component"`).and.not.to.include(`"FileSystem"`);
      },
    );
  });

  it("knows the public names of this installation", async () => {
    await withProject(
      { "a.ts": `import { component, Timer } from "cryonode"; export default component(() => Timer);` },
      async (folder) => {
        const result = await compileComponent({ file: join(folder, "a.ts"), roots: [] });
        expect(E.isRight(result)).to.equal(true);
      },
    );
  });

  it("keeps the source map free of the sources' text", async () => {
    await withProject({ "a.ts": `export default () => 1;` }, async (folder) => {
      const map = JSON.parse((await compile(folder, "a.ts")).sourceMap) as Record<string, unknown>;
      expect(map).not.to.have.property("sourcesContent");
      expect(map["sources"]).to.include("a.ts");
    });
  });

  it("is ASCII, so that the engine's columns in bytes are the source map's in UTF-16 units", async () => {
    await withProject({ "a.ts": `export default () => "größer 日本 😀";` }, async (folder) => {
      const { code } = await compile(folder, "a.ts");
      expect(Buffer.byteLength(code)).to.equal(code.length);
      expect((started(code) as () => string)()).to.equal("größer 日本 😀");
    });
  });

  it("gives a component called guest a name of its own", async () => {
    await withProject({ "guest.ts": `export default () => 1;` }, async (folder) => {
      expect((await compile(folder, "guest.ts")).name).not.to.equal("guest.js");
    });
  });

  it("takes no notice of a tsconfig beside the component", async () => {
    await withProject(
      {
        "tsconfig.json": `{ "compilerOptions": { "paths": { "secret": ["./b.ts"] } } }`,
        "a.ts": `import b from "secret"; export default b;`,
        "b.ts": `export default () => 1;`,
      },
      async (folder) => {
        expect(await faults(folder, "a.ts")).to.deep.equal([`a.ts:1:15: could not resolve "secret"`]);
      },
    );
  });

  it("tells what looks wrong and compiles all the same", async () => {
    await withProject({ "a.ts": `export default () => 1;\nif (Date.now() === NaN) {}` }, async (folder) => {
      const { warnings } = await compile(folder, "a.ts");
      expect(warnings.map((it) => `${relative(folder, it.file)}:${it.line}:${it.column}`)).to.deep.equal([
        "a.ts:2:16",
      ]);
    });
  });
});

describe("a component that does not compile", () => {
  it("has its syntax errors named at their places, columns in characters", async () => {
    await withProject({ "a.ts": `export default () => 1;\nconst größe: number = ;\n` }, async (folder) => {
      expect(await faults(folder, "a.ts")).to.deep.equal([`a.ts:2:23: Unexpected ";"`]);
    });
  });

  it("has a helper's errors named in the helper", async () => {
    await withProject(
      { "a.ts": `import "./lib/b.ts";\nexport default () => 1;`, "lib/b.ts": `let x = 1;\nlet x = 2;` },
      async (folder) => {
        expect(await faults(folder, "a.ts")).to.deep.equal([
          `lib/b.ts:2:5: The symbol "x" has already been declared`,
        ]);
      },
    );
  });

  it("is told where there is no default export", async () => {
    await withProject(
      { "named.ts": `export const main = 1;`, "script.ts": `console.log(1);`, "empty.ts": `` },
      async (folder) => {
        for (const file of ["named.ts", "script.ts", "empty.ts"]) {
          const [only, ...more] = await faults(folder, file);
          expect(only).to.match(new RegExp(`^${file}:1:1: it has no default export`));
          expect(more).to.deep.equal([]);
        }
      },
    );
  });

  it("is told of a name that cryonode does not export, and of the nearest that it does", async () => {
    await withProject(
      { "a.ts": `import { Tiemr } from "cryonode";\nexport default () => Tiemr;` },
      async (folder) => {
        expect(await faults(folder, "a.ts")).to.deep.equal([
          `a.ts:1:10: "cryonode" has no export "Tiemr"; did you mean "Timer"?`,
        ]);
      },
    );
  });

  it("is told where import() or require() is not of a constant", async () => {
    await withProject(
      {
        "a.ts": `const name = "x";\nexport default () => import(name);`,
        "b.ts": `const name = "x";\nexport default () => require(name);`,
        "c.ts": `const load = require;\nexport default () => load("x");`,
      },
      async (folder) => {
        expect(await faults(folder, "a.ts")).to.have.length(1);
        expect((await faults(folder, "a.ts"))[0]).to.match(
          /^a\.ts:2:22: this import\(\) is not of a constant/,
        );
        expect((await faults(folder, "b.ts"))[0]).to.match(
          /^b\.ts:2:22: this require\(\) is not of a constant/,
        );
        expect((await faults(folder, "c.ts"))[0]).to.match(/^c\.ts:1:14: `require` is not there/);
      },
    );
  });

  it("is a diagnostic where it is not there or not a file, with the nearest name", async () => {
    await withProject({ "counter.ts": `export default () => 1;` }, async (folder) => {
      expect(await faults(folder, "conter.ts")).to.deep.equal([
        `conter.ts:1:1: there is no such file; did you mean "counter.ts"?`,
      ]);
      expect((await faults(folder, "."))[0]).to.include("this is not a file");
    });
  });

  it("reports imports of Node's modules even where nothing makes use of them", async () => {
    await withProject(
      {
        "a.ts": `import { component } from "cryonode";
import { readFileSync } from "node:fs";
import net from "net";
import { EventEmitter } from "events";
import type { Server } from "node:http";
import { helped } from "./lib/b.ts";
export default component(() => helped as unknown as Server);`,
        "lib/b.ts": `import { join } from "node:path";\nexport const helped = 1;`,
        "node_modules/events/package.json": `{ "name": "events", "main": "index.js" }`,
        "node_modules/events/index.js": `exports.EventEmitter = class {};`,
      },
      async (folder) => {
        const found = (await faults(folder, "a.ts")).map((each) => each.replace(/ is not there.*$/, ""));
        expect(found).to.have.members([
          "a.ts:2:30: `node:fs`",
          "a.ts:3:17: `net`",
          "lib/b.ts:1:22: `node:path`",
        ]);
      },
    );
  });
});
