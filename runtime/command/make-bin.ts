// The step of a build that makes `dist/bin`: the command and the shard's thread as one script each, all that they use
// bundled into it, with entries that run them; then both are used a little, which keeps their compiled code beside them. And
// the thread that writes large commits, which seldom comes up, as one script.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { keepCode } from "./keep-code.ts";

const DIST = fileURLToPath(new URL("../..", import.meta.url));
const MODULES = join(DIST, "../node_modules");

/** Packages with files of their own that they must find, or that hardly any command needs. */
const EXTERNAL = ["@peculiar/x509", "esbuild", "quickjs-wasi", "reflect-metadata", "typescript"];

/** As modules, of which only what is used is bundled; and without native parts that would have to be found and loaded. */
const AS_MODULES = {
  "fp-ts/lib": join(MODULES, "fp-ts/es6"),
  "cbor-x": join(MODULES, "cbor-x/index.js"),
  msgpackr: join(MODULES, "msgpackr/index.js"),
};

/** LMDB finds its native part from where its package lies, not from the bundle; and by a shorter way than its own. */
const lmdbPlace: Plugin = {
  name: "lmdb's place",
  setup: (bundle) => {
    const place = join(DIST, "runtime/durable/store/lmdb-place.js");
    const imported = `import { lmdbNative as __native, lmdbUrl as __lmdb } from ${JSON.stringify(place)};`;
    bundle.onLoad({ filter: /[/\\]node_modules[/\\]lmdb[/\\][^/\\]+\.js$/ }, ({ path }) => ({
      contents: `${imported}\n${readFileSync(path, "utf8")
        .replaceAll("import.meta.url", "__lmdb()")
        .replace(/^import loadNAPI from '(.+)';$/m, "const loadNAPI = (folder) => require('$1')(folder);")
        .replace("loadNAPI(dirName)", "__native(dirName, loadNAPI)")}`,
      loader: "js",
    }));
  },
};

/** Modules of Node that hardly any command needs, and that take a ms and more to load. */
const LATE = ["child_process", "http", "https", "tls"];

/** Loads them when something of theirs is first used. */
const loadedLate: Plugin = {
  name: "loaded late",
  setup: (bundle) => {
    const require = createRequire(import.meta.url);
    bundle.onResolve({ filter: new RegExp(`^(node:)?(${LATE.join("|")})$`) }, ({ path, namespace }) =>
      namespace === "late" ? { path, external: true } : { path, namespace: "late" },
    );
    bundle.onLoad({ filter: /./, namespace: "late" }, ({ path }) => {
      const names = Object.keys(require(path) as object);
      const getters = names.map((name) => `get ${name}() { return require("${path}").${name}; }`);
      return { contents: `module.exports = { ${getters.join(", ")} };`, loader: "js" };
    });
  },
};

const COMMON: BuildOptions = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  charset: "ascii",
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: DIST,
  define: { "import.meta.url": "__url" },
  // Packages that have no module of it are loaded as CommonJS: a script has nobody to import for it.
  supported: { "dynamic-import": false },
  outdir: DIST,
};

const URL_OF_FILE = `const __url = require("node:url").pathToFileURL(__filename).href;`;

/** What has all that it uses bundled into it. */
const WHOLE: BuildOptions = {
  ...COMMON,
  external: EXTERNAL,
  mainFields: ["module", "main"],
  alias: AS_MODULES,
  plugins: [lmdbPlace, loadedLate],
};

const scripts = {
  ...WHOLE,
  entryPoints: {
    "bin/command/command": "runtime/command/command-line.js",
    "bin/shard/shard": "runtime/shard/main.js",
  },
  outExtension: { ".js": ".cjs" },
  // One function expression, as `runScript` wants it.
  banner: {
    js: `(function (exports, require, module, __filename, __dirname) { ${URL_OF_FILE}`,
  },
  footer: { js: "})" },
} satisfies BuildOptions;

const entries = {
  ...COMMON,
  entryPoints: { "bin/command/main": "runtime/command/main.js", "bin/shard/main": "runtime/shard/bin.js" },
  banner: { js: URL_OF_FILE },
} satisfies BuildOptions;

const storeThread = {
  ...WHOLE,
  entryPoints: { "bin/store/main": "runtime/durable/store/lmdb-thread.js" },
  banner: { js: URL_OF_FILE },
} satisfies BuildOptions;

/** `import * as fs` copies all that the module has to an object of its own, in each module that says so; what no default is
 *  asked of need not be copied. */
const withoutCopies = (script: string): void => {
  const path = join(DIST, `${script}.cjs`);
  const text = readFileSync(path, "utf8");
  const copy = /\b(\w+) = __toESM\((require\("node:\w+"\)), 1\)/g;
  writeFileSync(
    path,
    text.replace(copy, (whole, name: string, module: string) =>
      new RegExp(`\\b${name}\\.default\\b`).test(text) ? whole : `${name} = ${module}`,
    ),
  );
};

rmSync(join(DIST, "bin"), { recursive: true, force: true });
mkdirSync(join(DIST, "bin"), { recursive: true });
// The entries are no modules, whose loading takes longer.
writeFileSync(join(DIST, "bin/package.json"), '{ "type": "commonjs" }\n');
await Promise.all([build(scripts), build(entries), build(storeThread)]);
for (const script of Object.keys(scripts.entryPoints)) withoutCopies(script);
await keepCode(join(DIST, "bin/command/main.js"));
