// The durable job of ours beside what the machine allows. Its peers stand beside it in `npm run bench:peers`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Bench } from "../bench.ts";
import type { Row } from "../row.ts";
import { median, range, sideBySide } from "../side-by-side.ts";
import { appending } from "./appending.ts";
import { cryonode } from "./cryonode.ts";
import { AtWork, crashed, inFolder, resumed } from "./measure.ts";

/** One measurement of steps or appends, in ms. */
const SPAN_MS = 1000;
const KILLS = 100;
const MOST_BYTES = 3_000_000;
const MOST_RESUME_MS = 200;

const stepsBench = (workers: number, limit: number | null): Bench => {
  const name = `durable steps, ${workers === 1 ? "one component" : `${workers} components`}`;
  return {
    name,
    run: ({ rounds }) =>
      inFolder(cryonode, async (folder) => {
        const work = await AtWork.begin(cryonode, folder, workers);
        const row = await sideBySide({
          name,
          unit: "steps/s",
          ours: () => work.rate(SPAN_MS),
          against: "append and fdatasync",
          theirs: () => appending(folder, SPAN_MS),
          target: limit === null ? null : { of: "ratio", bound: "at least", limit },
          rounds,
          warmUp: 1,
        });
        await work.end();
        return row;
      }),
  };
};

/** Node that does nothing, from the start of the process to its end, in ms. */
const emptyNode = async (): Promise<number> => {
  const began = performance.now();
  await once(spawn(process.execPath, ["-e", "0"], { stdio: "ignore" }), "exit");
  return performance.now() - began;
};

const resumeRow = async (steps: number, rounds: number): Promise<readonly [resume: Row, disk: Row]> => {
  const { ms, bytes } = await resumed(cryonode, steps, rounds);
  const empty: number[] = [];
  for (let i = 0; i < rounds; i++) empty.push(await emptyNode());
  const thousands = steps.toLocaleString("en");
  return [
    {
      name: `resume after ${thousands} steps`,
      value: median(ms),
      unit: "ms",
      against: "node -e 0",
      reference: median(empty),
      ratio: median(ms) / median(empty),
      spread: { value: range(ms), ratio: null },
      target: { of: "value", bound: "at most", limit: MOST_RESUME_MS },
    },
    {
      name: `state after ${thousands} steps`,
      value: bytes,
      unit: "bytes",
      against: "",
      reference: null,
      ratio: null,
      spread: null,
      target: { of: "value", bound: "at most", limit: MOST_BYTES },
    },
  ];
};

/** Measured once for both of its rows. */
const resumeBenches = (steps: number): readonly Bench[] => {
  let rows: ReturnType<typeof resumeRow> | null = null;
  const thousands = steps.toLocaleString("en");
  return [`resume after ${thousands} steps`, `state after ${thousands} steps`].map((name, at) => ({
    name,
    run: async ({ rounds }) => (await (rows ??= resumeRow(steps, rounds)))[at]!,
  }));
};

const crashBench: Bench = {
  name: `twice or lost, ${KILLS} kills`,
  async run() {
    const { duplicates, losses } = await crashed(cryonode, KILLS);
    return {
      name: `twice or lost, ${KILLS} kills`,
      value: duplicates + losses,
      unit: "lines",
      against: "",
      reference: null,
      ratio: null,
      spread: null,
      target: { of: "value", bound: "at most", limit: 0 },
    };
  },
};

export const durableBenches: readonly Bench[] = [
  stepsBench(1, 0.5),
  stepsBench(100, null),
  ...resumeBenches(1000),
  ...resumeBenches(10_000),
  crashBench,
];
