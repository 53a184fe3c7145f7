// Law 2 for rest: a component that is put to rest wherever it may be, and brought back, does what it would have done;
// and a crash at any time after that finds it as it was.
import { expect } from "chai";
import { programOf } from "../domain/program.ts";
import { World, type Outputs, type WorldOptions } from "../domain/world.ts";
import { DurableChild } from "../durable/durable-child.ts";
import { subjects } from "../law/subject.ts";

const MOST_POINTS = 200;

const memoryOf = (child: DurableChild): Buffer => {
  const { machine } = child.domain;
  const copy = new Uint8Array(machine.size);
  machine.state.copyTo(copy);
  return Buffer.from(copy.buffer);
};

/** It becomes again what it is, from where it rested last and what the journal has after that. */
const replays = async (child: DurableChild): Promise<void> => {
  if (child.domain.state !== "running") return;
  child.write();
  const { memory, snapshot } = await child.replayed();
  expect(snapshot.turn).equal(child.domain.turns);
  expect(snapshot.ledger).deep.equal(child.domain.ledger);
  expect(Buffer.compare(Buffer.from(memory.buffer), memoryOf(child))).equal(0);
};

/** `rests`: whether it rests at every second point where it may. */
const played = async (
  bytecode: Uint8Array,
  options: WorldOptions,
  rests: boolean,
): Promise<{ readonly outputs: Outputs; readonly rested: number }> => {
  const child = await DurableChild.boot(bytecode, new World(options));
  let rested = 0;
  for (let point = 1; point < MOST_POINTS && (await child.advance()); point++) {
    if (rests && point % 2 === 0 && (await child.rest())) rested++;
    if (rests && point % 7 === 3) await replays(child);
  }
  return { outputs: child.world.outputs(), rested };
};

describe("rest, transparently", () => {
  let all = 0;
  for (const { name, file, options } of subjects())
    it(`law 2: ${name}, put to rest wherever it may be, does what it would have done`, async () => {
      const bytecode = await programOf(file);
      const { outputs, rested } = await played(bytecode, options, true);
      expect(outputs).deep.equal((await played(bytecode, options, false)).outputs);
      all += rested;
    }).timeout(60_000);

  it("most of them could rest", () => {
    expect(all).at.least(20);
  });
});
