// When V8 makes good code of the engine's functions. By default that begins when one has run for a ms, and takes some
// 120 ms of the time of V8's own threads for those that each child uses: of two cores, a host that comes up has none to
// spare for it, and what it needs before it is up has run by then.
import { setFlagsFromString } from "node:v8";

/** How much a function runs before, in V8's measure: about the bytes of code that it went through. Some 100 ms of a
 *  component's own time for the function that interprets its code. */
const BUDGET = 100_000_000;

/** V8's own choice, by version. It can't be asked for, and must be put back: compiled code that was made under other flags is
 *  refused. Where it is not known, nothing is changed. */
const BY_DEFAULT: Readonly<Record<string, number>> = { "11.3": 1_800_000 };

const budget = (bytes: number): void => setFlagsFromString(`--wasm-tiering-budget=${bytes}`);

/** Compiles a WebAssembly module whose functions V8 leaves as they are for a while. Where the process has compiled the same
 *  bytes before, what was said then holds. */
export const tieringLate = <T>(compile: () => T): T => {
  const [version = ""] = /^\d+\.\d+/.exec(process.versions.v8) ?? [];
  const usual = BY_DEFAULT[version];
  if (usual === undefined || process.execArgv.some((flag) => flag.includes("tier"))) return compile();
  budget(BUDGET);
  try {
    return compile();
  } finally {
    budget(usual);
  }
};
