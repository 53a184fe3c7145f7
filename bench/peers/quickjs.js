// quickjs-wasi: after each step a snapshot of everything is written and synced before the next step.
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { QuickJS } from "quickjs-wasi";
import { change, freshState } from "./state.js";
import { append } from "./work.js";

const [folder, workers] = [process.argv[2], Number(process.argv[3])];
const wasm = await WebAssembly.compile(
  readFileSync(fileURLToPath(import.meta.resolve("quickjs-wasi/quickjs.wasm"))),
);
mkdirSync(join(folder, "kept"), { recursive: true });

const GUEST = `
const BYTES = 1 << 20;
const state = (${freshState.toString().replace("() =>", "function ()")})();
const change = ${change.toString()};
let n = 0;
globalThis.step = () => { n++; change(state, n); append(n); };
`;

const worker = async (name) => {
  const file = join(folder, "kept", name);
  const log = (vm) => (number) => {
    append(folder, name, number.toNumber());
    return vm.undefined;
  };
  let vm;
  if (existsSync(file)) {
    vm = await QuickJS.restore(QuickJS.deserializeSnapshot(readFileSync(file)), wasm);
    vm.registerHostCallback("append", log(vm));
  } else {
    vm = await QuickJS.create(wasm);
    vm.setProp(vm.global, "append", vm.newFunction("append", log(vm)));
    vm.evalCode(GUEST).dispose();
  }
  return () => {
    vm.evalCode("step()").dispose();
    const bytes = QuickJS.serializeSnapshot(vm.snapshot());
    const next = openSync(`${file}.next`, "w");
    writeSync(next, bytes);
    fdatasyncSync(next);
    closeSync(next);
    renameSync(`${file}.next`, file);
  };
};

const steps = [];
for (let n = 0; n < workers; n++) steps.push(await worker(`w${n}`));
for (;;) for (const step of steps) step();
