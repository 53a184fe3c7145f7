// A process of its own that measures what children cost it: `node make-crowd.js COUNT`. Prints the bytes of its
// resident memory that each of them has, when all of them sleep.
import { readFile } from "node:fs/promises";
import { Crowd, CROWD_THREADS } from "./crowd.ts";

const count = Number(process.argv[2]);

/** In bytes, as Linux counts it. */
const resident = async (): Promise<number> => {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile("/proc/self/status", "utf8")) ?? [];
  return Number(kilobytes) * 1024;
};

const crowd = await Crowd.gather(CROWD_THREADS);
// The threads themselves, and what is compiled once.
for (let i = 0; i < 4 * CROWD_THREADS; i++) await crowd.start(`first ${i}`);
const before = await resident();
await crowd.grow(count);
console.log((await resident()) - before);
await crowd.disperse();
