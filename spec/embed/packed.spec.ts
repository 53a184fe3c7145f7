// The package as `npm pack` makes it, in a project outside the repository: a provider of that project's own runs the
// shared suite in one line.
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

interface Outcome {
  readonly status: number;
  readonly output: string;
}

const run = (cwd: string, command: string, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(command, args, { cwd }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: `${stdout}${stderr}` }),
    );
  });

const succeeds = async (...args: Parameters<typeof run>): Promise<string> => {
  const { status, output } = await run(...args);
  expect(status, output).equal(0);
  return output;
};

/** Packed as it was built; building again is not what is tried here. */
const unpacked = async (folder: string): Promise<string> => {
  await succeeds(ROOT, "npm", ["pack", "--ignore-scripts", "--pack-destination", folder]);
  const [tarball = ""] = (await readdir(folder)).filter((name) => name.endsWith(".tgz"));
  await succeeds(folder, "tar", ["-xzf", tarball]);
  return join(folder, "package");
};

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: "ES2022",
    module: "NodeNext",
    lib: ["ES2023", "DOM"],
    types: ["mocha"],
    outDir: "out",
    rewriteRelativeImportExtensions: true,
  },
};

describe("the package as npm packs it", function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "cryonode-packed-"));
    const packages = join(folder, "node_modules");
    await mkdir(join(packages, "@types"), { recursive: true });
    await rename(await unpacked(folder), join(packages, "cryonode"));
    // What it depends on, and what the project itself brings along, as a registry would have given them.
    const { dependencies } = JSON.parse(await readFile(join(packages, "cryonode/package.json"), "utf8")) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    for (const name of [...Object.keys(dependencies), "mocha", "chai", "@types/mocha"]) {
      await mkdir(join(packages, name, ".."), { recursive: true });
      await symlink(join(ROOT, "node_modules", name), join(packages, name));
    }
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", private: true }));
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("has the suites, with types: providers of the project's own run them", async () => {
    const examples = ["audited-files", "ring-gate"].flatMap((name) => [`${name}.ts`, `${name}.spec.ts`]);
    for (const name of examples) await cp(join(ROOT, "docs/examples", name), join(folder, name));
    await succeeds(folder, process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."]);
    const mocha = [join(ROOT, "node_modules/mocha/bin/mocha.js"), "--no-config", "out/*.spec.js"];
    const output = await succeeds(folder, process.execPath, mocha);
    expect(output)
      .match(/^ +[6-9]\d passing/m)
      .and.not.match(/failing|pending/);
  });

  it("has suites that catch a provider that is wrong", async () => {
    await writeFile(
      join(folder, "wrong.spec.ts"),
      `import { fileProviderSuite } from "cryonode/provider-suite";
       import { memoryFiles } from "cryonode/runtime";
       const wrong = () => Object.assign(memoryFiles({ name: "data" }), { list: () => memoryFiles({ name: "x" }).list("") });
       describe("wrong", () => fileProviderSuite({ setup: wrong }));`,
    );
    await succeeds(folder, process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", "."]);
    const mocha = [join(ROOT, "node_modules/mocha/bin/mocha.js"), "--no-config", "out/wrong.spec.js"];
    const { status, output } = await run(folder, process.execPath, mocha);
    expect(status).above(0);
    expect(output).contain("lists sorted, with kinds and sizes");
  });

  it("needs neither mocha nor chai for anything else", async () => {
    for (const name of ["mocha", "chai"]) await rm(join(folder, "node_modules", name));
    const used = `import { Host } from "cryonode/runtime"; import { component } from "cryonode"; console.log(typeof Host, typeof component);`;
    await writeFile(join(folder, "use.mjs"), used);
    expect(await succeeds(folder, process.execPath, ["use.mjs"])).equal("function function\n");
    const command = join(folder, "node_modules/cryonode/dist/bin/command/main.js");
    expect(await succeeds(folder, process.execPath, [command, "--help"])).contain("cryonode");
  });
});
