import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { compileComponent } from "../../runtime/component/compile.ts";
import { renderDiagnostic } from "../../runtime/diagnostic.ts";
import { withProject } from "./project.ts";

/** `ok`, or what is wrong with `in/a.ts`, the first line only and relative to the folder. */
const verdict = async (folder: string, roots: readonly string[] = []): Promise<string> => {
  const result = await compileComponent({
    file: join(folder, "in/a.ts"),
    roots: roots.map((root) => join(folder, root)),
    guestNames: ["component"],
  });
  if (E.isRight(result)) return "ok";
  const [first] = result.left;
  return first === undefined ? "nothing said" : renderDiagnostic(first).replaceAll(`${folder}/`, "");
};

const importing = (specifier: string): string => `import "${specifier}";\nexport default () => 1;`;

describe("what a component may import", () => {
  const builtins: readonly (readonly [string, string])[] = [
    ["node:fs", "File_system"],
    ["fs", "File_system"],
    ["fs/promises", "File_system"],
    ["node:net", "Gate"],
    ["https", "Gate"],
    ["node:timers/promises", "Timer"],
    ["crypto", "global crypto"],
    ["node:worker_threads", "env.cpu.thread"],
    ["node:v8", "what `env` gives"],
  ];
  for (const [specifier, hint] of builtins) {
    it(`refuses ${specifier} at its place and names ${hint}`, async () => {
      const text = `// first\nexport default () => 1;\nimport * as it from "${specifier}"; it;`;
      await withProject({ "in/a.ts": text }, async (folder) => {
        const said = await verdict(folder);
        expect(said).to.match(/^in\/a\.ts:3:21: /);
        expect(said).to.include(`\`${specifier}\` is not there for a component`).and.to.include(hint);
      });
    });
  }

  it("says of node:fs what the documentation says", async () => {
    await withProject({ "in/a.ts": importing("node:fs") }, async (folder) => {
      expect(await verdict(folder)).to.equal(
        "in/a.ts:1:8: `node:fs` is not there for a component: " +
          "a component has no file system of its own; request a File_system session",
      );
    });
  });

  it("refuses node:fs in a package too, in the package's file", async () => {
    await withProject(
      { "in/a.ts": importing("pack"), "in/node_modules/pack/index.js": `require("fs");` },
      async (folder) => {
        expect(await verdict(folder)).to.match(/^in\/node_modules\/pack\/index\.js:1:9: `fs` is not there/);
      },
    );
  });

  it("prefers an installed package to a builtin of the same name", async () => {
    await withProject(
      { "in/a.ts": importing("events"), "in/node_modules/events/index.js": `module.exports = 1;` },
      async (folder) => {
        expect(await verdict(folder)).to.equal("ok");
      },
    );
  });

  it("grants what lies below a root and nothing else", async () => {
    const files = { "in/a.ts": importing("../shared/b.ts"), "shared/b.ts": `export {};` };
    await withProject(files, async (folder) => {
      expect(await verdict(folder, ["shared"])).to.equal("ok");
      const said = await verdict(folder);
      expect(said).to.match(/^in\/a\.ts:1:8: "\.\.\/shared\/b\.ts" leads to shared\/b\.ts, outside/);
      expect(said).to.match(/what lies below in$/);
    });
  });

  it("does not take a folder for a root whose name begins like one", async () => {
    await withProject(
      { "in/a.ts": importing("../inside/b.ts"), "inside/b.ts": `export {};` },
      async (folder) => {
        expect(await verdict(folder)).to.include("outside what a component may import");
      },
    );
  });

  it("refuses packages of a folder above the roots", async () => {
    await withProject(
      { "in/a.ts": importing("pack"), "node_modules/pack/index.js": `module.exports = 1;` },
      async (folder) => {
        expect(await verdict(folder)).to.include(`"pack" leads to node_modules/pack/index.js, outside`);
        expect(await verdict(folder, ["."])).to.equal("ok");
      },
    );
  });

  it("judges symbolic links by where they lead", async () => {
    await withProject(
      { "in/a.ts": importing("./link.ts"), "out/b.ts": `export {};`, "in/deep/b.ts": `export {};` },
      async (folder) => {
        await symlink(join(folder, "out/b.ts"), join(folder, "in/link.ts"));
        expect(await verdict(folder)).to.match(/^in\/a\.ts:1:8: "\.\/link\.ts" leads to out\/b\.ts, outside/);
      },
    );
    await withProject({ "in/a.ts": importing("./link/b.ts"), "out/b.ts": `export {};` }, async (folder) => {
      await symlink(join(folder, "out"), join(folder, "in/link"));
      expect(await verdict(folder)).to.include("leads to out/b.ts, outside");
    });
    await withProject({ "in/a.ts": importing("pack") }, async (folder) => {
      await mkdir(join(folder, "in/store/pack"), { recursive: true });
      await mkdir(join(folder, "in/node_modules"));
      await writeFile(join(folder, "in/store/pack/index.js"), "");
      await symlink(join(folder, "in/store/pack"), join(folder, "in/node_modules/pack"));
      expect(await verdict(folder)).to.equal("ok");
    });
  });

  it("refuses a component that is itself a link to elsewhere", async () => {
    await withProject({ "out/b.ts": importing("cryonode"), "in/b.ts": "" }, async (folder) => {
      await symlink(join(folder, "out/b.ts"), join(folder, "in/a.ts"));
      expect(await verdict(folder)).to.match(/^in\/a\.ts:1:1: this leads to out\/b\.ts, outside/);
      expect(await verdict(folder, ["out"])).to.equal("ok");
    });
  });

  it("refuses absolute paths, other hosts and patterns that lead outside", async () => {
    await withProject({ "in/a.ts": "", "out/b.ts": `export {};`, "in/lib/c.ts": "" }, async (folder) => {
      const say = async (text: string): Promise<string> => {
        await writeFile(join(folder, "in/a.ts"), `${text}\nexport default () => 1;`);
        return verdict(folder);
      };
      expect(await say(`import ${JSON.stringify(join(folder, "out/b.ts"))};`)).to.include("outside");
      expect(await say(`import "https://example.org/b.js";`)).to.include("outside");
      expect(await say("const n = 1; import(`../out/${n}.ts`);")).to.include("outside");
      expect(await say("const n = 1; import(`./lib/${n}.ts`);")).to.equal("ok");
    });
  });

  it("lends io-ts and fp-ts, submodules too, where the component's folder has none", async () => {
    await withProject(
      {
        "in/a.ts": `
          import * as t from "io-ts";
          import * as E from "fp-ts/Either";
          import { pipe } from "fp-ts/lib/function";
          import { PathReporter } from "io-ts/PathReporter";
          export default () => pipe(t.number.decode(1), E.isRight, () => PathReporter);`,
      },
      async (folder) => {
        expect(await verdict(folder)).to.equal("ok");
      },
    );
  });

  it("takes the component's own io-ts where it has one", async () => {
    await withProject(
      {
        "in/a.ts": `import own from "io-ts"; export default own;`,
        "in/node_modules/io-ts/index.js": `module.exports = "own";`,
      },
      async (folder) => {
        const result = await compileComponent({ file: join(folder, "in/a.ts"), roots: [], guestNames: [] });
        expect(E.isRight(result) && result.right.sources).to.include(
          join(folder, "in/node_modules/io-ts/index.js"),
        );
      },
    );
  });

  it("sees nothing of cryonode but its face", async () => {
    await withProject({ "in/a.ts": importing("cryonode/runtime") }, async (folder) => {
      expect(await verdict(folder)).to.equal(
        `in/a.ts:1:8: "cryonode/runtime" is not there for a component: it sees "cryonode" only`,
      );
    });
  });

  const misspelt: readonly (readonly [string, string])[] = [
    ["./halper", "./helper"],
    ["./halper.ts", "./helper.ts"],
    ["./sub/deap.ts", "./sub/deep.ts"],
    ["cryonod", "cryonode"],
    ["iots", "io-ts"],
    ["lodahs", "lodash"],
    ["@scope/pakc", "@scope/pack"],
  ];
  for (const [wrong, right] of misspelt) {
    it(`answers ${wrong} with ${right}`, async () => {
      await withProject(
        {
          "in/a.ts": importing(wrong),
          "in/helper.ts": "",
          "in/sub/deep.ts": "",
          "in/node_modules/lodash/index.js": "",
          "in/node_modules/@scope/pack/index.js": "",
        },
        async (folder) => {
          expect(await verdict(folder)).to.equal(
            `in/a.ts:1:8: could not resolve "${wrong}"; did you mean "${right}"?`,
          );
        },
      );
    });
  }

  it("does not list a folder outside the roots to find a better word", async () => {
    await withProject({ "in/a.ts": importing("../out/secrat.ts"), "out/secret.ts": "" }, async (folder) => {
      expect(await verdict(folder)).to.equal(`in/a.ts:1:8: could not resolve "../out/secrat.ts"`);
    });
  });
});
