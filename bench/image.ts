// The size of the counter's image on disk.
import type { Bench } from "./bench.ts";
import { frozenCounter } from "./frozen-counter.ts";
import { median, range } from "./side-by-side.ts";

const TARGET_BYTES = 24_000;

export const imageBench: Bench = {
  name: "image of the counter",
  async run({ rounds }) {
    const sizes: number[] = [];
    for (let i = 0; i < Math.min(rounds, 3); i++) sizes.push((await frozenCounter()).length);
    return {
      name: "image of the counter",
      value: median(sizes),
      unit: "bytes",
      against: "",
      reference: null,
      ratio: null,
      spread: { value: range(sizes), ratio: null },
      target: { of: "value", bound: "at most", limit: TARGET_BYTES },
    };
  },
};
