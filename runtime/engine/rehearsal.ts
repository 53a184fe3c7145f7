// A machine that runs a little for nobody, while its thread has nothing else to do: the engine's functions are compiled
// when they are first called, and that takes some 15 ms of a first child's first turns.
import type { Base } from "./base.ts";
import { Machine } from "./machine.ts";
import type { MachinePowers } from "./machine-powers.ts";
import type { Engine } from "./wasm-module.ts";

const MOST_PAGES = 256;
const BUDGET = 1000;

/** A little of what components do: calls, promises, bytes, text, objects, an error. */
const SCRIPT = `(async () => {
  const bytes = new Uint8Array(256);
  for (let n = 0; n < 64; n++) bytes[(n * 7) & 255] ^= n;
  const parts = [];
  for await (const part of (async function* () { yield "a"; yield "b"; })()) parts.push(\`\${part} \${bytes.length}\`);
  const { length, ...rest } = JSON.parse(JSON.stringify({ length: parts.length, at: new Map([[1, parts.join()]]).get(1) }));
  try { throw new Error(rest.at.slice(1, length)); } catch (error) { parts.push(error.message.toUpperCase()); }
  await Promise.all(parts.map(async (part) => part.split(" ")));
})();`;

const nobody: MachinePowers = {
  monotonic: () => 0,
  wall: () => 0,
  entropy: (into) => void into.fill(1),
  poll: () => {},
};

/** Nothing of it is left but what the engine has compiled, and two parts of Node that are loaded when they are first
 *  used. */
export const rehearse = (engine: Engine, { memory, registers, anchors }: Base): void => {
  performance.now();
  crypto.randomUUID();
  const machine = new Machine(engine, MOST_PAGES, nobody);
  if (!machine.load(memory, registers, anchors)) return;
  const bytecode = machine.compile(SCRIPT, "rehearsal.js", "script");
  if (bytecode instanceof Uint8Array) machine.evaluate(bytecode, BUDGET);
};
