// One durable host of 100,000 children that rest, 1,000 of them awake: what one takes in the store, how soon it answers,
// what the host takes, and how long it takes to come up. Beside a host of a hundredth as many.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Bench } from "./bench.ts";
import type { RestingFigures } from "./make-resting-crowd.ts";
import type { Row } from "./row.ts";

const MANY = 100_000;
const FEW = 1000;
const ACTIVE = 1000;
const ACTIVE_OF_FEW = 10;
const SCRIPT = fileURLToPath(new URL("make-resting-crowd.js", import.meta.url));

const measured = async (resting: number, active: number): Promise<RestingFigures> => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, `${resting}`, `${active}`]);
  return JSON.parse(stdout) as RestingFigures;
};

/** Each is measured once, for all rows. */
const once = <T>(act: () => Promise<T>): (() => Promise<T>) => {
  let result: Promise<T> | null = null;
  return () => (result ??= act());
};
const many = once(() => measured(MANY, ACTIVE));
const few = once(() => measured(FEW, ACTIVE_OF_FEW));

type Figure = Pick<Row, "unit" | "value" | "target"> & Partial<Row>;

const bench = (name: string, row: () => Promise<Figure>): Bench => ({
  name,
  run: async () => ({
    ...{ name, against: "", reference: null, ratio: null, spread: null },
    ...(await row()),
  }),
});

const atMost = (limit: number): Row["target"] => ({ of: "value", bound: "at most", limit });

export const restingHostBenches: readonly Bench[] = [
  bench("resting child, in the store", async () => ({
    ...{ unit: "bytes", value: (await few()).bytes, target: atMost(16_000) },
  })),
  bench("first answer of one of 100,000 that rest", async () => {
    const { answer } = await many();
    const { median: reference } = (await few()).answer;
    return {
      ...{ unit: "ms", value: answer.median, target: atMost(10) },
      ...{ against: "of 1,000", reference, ratio: answer.median / reference },
      spread: { value: answer.range, ratio: null },
    };
  }),
  bench("host of 100,000 at rest", async () => ({
    ...{ unit: "bytes", value: (await many()).atRest, target: null },
    ...{ against: "of 1,000", reference: (await few()).atRest },
    ratio: (await many()).atRest / (await few()).atRest,
  })),
  bench("the same, 1,000 of them awake", async () => ({
    ...{ unit: "bytes", value: (await many()).beside, target: null },
  })),
  bench("up with 100,000 at rest", async () => ({
    ...{ unit: "ms", value: (await many()).upMs, target: null },
    ...{
      against: "with 1,000",
      reference: (await few()).upMs,
      ratio: (await many()).upMs / (await few()).upMs,
    },
  })),
];
