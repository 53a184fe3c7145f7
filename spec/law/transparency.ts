// Law 2 as an assertion: frozen and revived at whatever points between its turns, a component does what it does
// when it runs straight through.
import { expect } from "chai";
import { outputsOf } from "../domain/harness.ts";
import type { WorldOptions } from "../domain/world.ts";

/** Points tried one by one; with more of them, that many are chosen evenly. */
const MOST_SINGLE = 36;

/** `ends`: whether the component comes to an end by itself. */
export const assertTransparent = async (
  bytecode: Uint8Array,
  options: WorldOptions,
  ends = true,
): Promise<void> => {
  const straight = await outputsOf(bytecode, options);
  expect(straight.outputs.ending !== null, "the straight run has an end").equal(ends);
  const every = await outputsOf(bytecode, options, () => true);
  expect(every.outputs, "frozen at every point").deep.equal(straight.outputs);
  expect(every.points, "as many points").equal(straight.points);
  const stride = Math.max(1, straight.points / MOST_SINGLE);
  for (let at = 0; at < straight.points; at += stride) {
    const single = Math.floor(at);
    const once = await outputsOf(bytecode, options, (point) => point === single);
    expect(once.outputs, `frozen at point ${single} of ${straight.points}`).deep.equal(straight.outputs);
  }
};
