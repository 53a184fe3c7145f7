// A TypeScript project outside the repository that depends on this package, gone after the test.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const TSCONFIG = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    target: "ES2022",
    module: "NodeNext",
    lib: ["ES2023", "DOM"],
    types: [],
    outDir: "out",
  },
};

export interface Project {
  readonly folder: string;
  readonly write: (name: string, content: string) => Promise<void>;
  /** Checks the types of all its files, the declarations of its packages included, and compiles them into `out`. */
  readonly compile: () => Promise<Outcome>;
  readonly node: (script: string) => Promise<Outcome>;
}

const run = (cwd: string, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    execFile(process.execPath, args, { cwd }, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    );
  });

export const inProject = async (test: (project: Project) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-embed-"));
  const write = (name: string, content: string): Promise<void> => writeFile(join(folder, name), content);
  try {
    await mkdir(join(folder, "node_modules"));
    await symlink(ROOT, join(folder, "node_modules", "cryonode"));
    await write("package.json", JSON.stringify({ type: "module", private: true }));
    await write("tsconfig.json", JSON.stringify(TSCONFIG));
    await test({
      folder,
      write,
      compile: () => run(folder, [join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", "."]),
      node: (script) => run(folder, [script]),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
