// What is still to be seen in files of what was written to them: what a later truncation has cut off is not written again,
// and neither is the truncation made again, since others may have written there after it. For a machine that ran on: there
// every truncation has had its effect.
import type { MadeBy } from "./replay.ts";

const bytesOf = (data: unknown): Uint8Array =>
  typeof data === "string" ? Buffer.from(data) : (data as Uint8Array);

/** The writes among `made`, which are in order, as far as none of them has cut them off since. `fileOf`: the same for all
 *  selectors that lead to one file. */
export const remaining = (
  made: readonly MadeBy[],
  fileOf: (selector: number) => unknown,
): readonly MadeBy[] => {
  /** Where each file was cut off by what came later, in bytes. */
  const cuts = new Map<unknown, number>();
  const left: MadeBy[] = [];
  for (const { selector, effect } of made.toReversed()) {
    const file = fileOf(selector);
    const cut = cuts.get(file) ?? Infinity;
    const [data] = effect.args;
    if (effect.method === "truncate") cuts.set(file, Math.min(cut, data as number));
    else if (cut === Infinity) left.push({ selector, effect });
    else if (effect.place < cut) {
      const args = [bytesOf(data).subarray(0, cut - effect.place)];
      left.push({ selector, effect: { ...effect, args } });
    }
  }
  return left.toReversed();
};
