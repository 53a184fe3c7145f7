// Components for specs: compiled as the runtime compiles them, from a file or from text, to the engine's bytecode.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { E } from "../../lib/fp.ts";
import { compileComponent } from "../../runtime/component/compile.ts";
import { buildBase, type Base } from "../../runtime/engine/base.ts";
import { MachinePool } from "../../runtime/engine/pool.ts";
import { loadEngine, type Engine } from "../../runtime/engine/wasm-module.ts";

export interface Platform {
  readonly engine: Engine;
  readonly base: Base;
  readonly pool: MachinePool;
}

let loaded: Platform | null = null;

/** The engine and base memory, loaded once a process. */
export const platform = (): Platform => {
  if (loaded === null) {
    const engine = loadEngine();
    loaded = { engine, base: buildBase(engine), pool: new MachinePool(engine) };
  }
  return loaded;
};

const COMPILER_RAM = 16 << 20;

/** Compiles a component's file. What is wrong with it throws: it is the spec's own. */
export const programOf = async (file: string): Promise<Uint8Array> => {
  const compiled = await compileComponent({ file, roots: [] });
  if (E.isLeft(compiled)) throw new Error(compiled.left.map(({ message }) => message).join("\n"));
  return bytecodeOf(compiled.right.code, compiled.right.name);
};

/** Bytecode of an ES module's text. */
export const bytecodeOf = (code: string, name: string): Uint8Array => {
  const { base, pool } = platform();
  const compiler = pool.take(base.memory.length, COMPILER_RAM);
  compiler.load(base.memory, base.registers, base.anchors);
  const bytecode = compiler.compile(code, name);
  pool.give(compiler, COMPILER_RAM);
  if (!(bytecode instanceof Uint8Array)) throw new Error(bytecode.reason);
  return bytecode;
};

/** Compiles a component given as text: the body of `component(async (env) => { … })`, all of `cryonode` imported
 *  as `c`. */
export const program = async (body: string, before = ""): Promise<Uint8Array> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-spec-"));
  try {
    const file = join(folder, "spec.ts");
    await writeFile(
      file,
      `import * as c from "cryonode";\n${before}\nexport default c.component(async (env) => {\n${body}\n});\n`,
    );
    return await programOf(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
