// What one of a thousand children on two threads costs: to start, to revive, and in memory.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bench } from "./bench.ts";
import { Crowd, CROWD_THREADS } from "./crowd.ts";
import { median, range, sideBySide } from "./side-by-side.ts";

const MANY = 1000;
const BESIDE = `beside ${MANY} others`;

const besideBench = (name: string, measured: (crowd: Crowd) => Promise<number>, against: string): Bench => ({
  name,
  async run({ rounds }) {
    const crowd = await Crowd.gather(CROWD_THREADS);
    const alone = await Crowd.gather();
    await crowd.grow(MANY);
    const row = await sideBySide({
      name,
      unit: "ms",
      ours: () => measured(crowd),
      against,
      theirs: () => measured(alone),
      target: null,
      rounds: rounds * 5,
      warmUp: 5,
    });
    await crowd.disperse();
    await alone.disperse();
    return row;
  },
});

const MEMORY = `memory of one of ${MANY}`;
const CROWD = fileURLToPath(new URL("make-crowd.js", import.meta.url));

const memoryBench: Bench = {
  name: MEMORY,
  async run({ base, rounds }) {
    const figures: number[] = [];
    for (let i = 0; i < Math.min(rounds, 3); i++) {
      const { stdout } = await promisify(execFile)(process.execPath, [CROWD, String(MANY)]);
      figures.push(Number(stdout) / MANY);
    }
    const bytes = base.memory.length;
    const value = median(figures);
    const [least, most] = range(figures);
    return {
      name: MEMORY,
      value,
      unit: "bytes",
      against: "its linear memory",
      reference: bytes,
      ratio: value / bytes,
      spread: { value: [least, most], ratio: [least / bytes, most / bytes] },
      target: { of: "value", bound: "at most", limit: 2_000_000, aim: 1_400_000 },
    };
  },
};

export const sharedThreadBenches: readonly Bench[] = [
  besideBench(
    `start ${BESIDE}`,
    async (crowd) => {
      const took = await crowd.start("one more");
      await crowd.kill("one more");
      return took;
    },
    "on a thread of its own",
  ),
  besideBench(
    `revival ${BESIDE}`,
    async (crowd) => {
      await crowd.start("one more");
      const took = await crowd.revive("one more");
      await crowd.kill("one more");
      return took;
    },
    "on a thread of its own",
  ),
  memoryBench,
];
