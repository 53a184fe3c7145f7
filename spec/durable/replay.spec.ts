// Law 2 under a journal: what a replay makes of a checkpoint and the records after it is, byte for byte, what the
// machine had become; and a child that crashed and was recovered does what it would have done.
import { expect } from "chai";
import { programOf } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import { subjects } from "../law/subject.ts";
import { DurableChild } from "./durable-child.ts";

const MOST_POINTS = 300;

const memoryOf = (child: DurableChild): Buffer => {
  const { machine } = child.domain;
  const copy = new Uint8Array(machine.size);
  machine.state.copyTo(copy);
  return Buffer.from(copy.buffer);
};

describe("replay", () => {
  for (const { name, file, options } of subjects()) {
    it(`law 2: ${name}, replayed, has the memory that it had`, async () => {
      const child = await DurableChild.boot(await programOf(file), new World(options));
      for (let point = 1; point < MOST_POINTS && (await child.advance()); point++) {
        if (point % 7 === 0) await child.checkpoint();
        if (point % 3 !== 0 || child.domain.state !== "running") continue;
        child.write();
        const { memory, registers, snapshot } = await child.replayed();
        expect(registers).deep.equal(child.domain.machine.registers());
        expect(snapshot.turn).equal(child.domain.turns);
        expect(snapshot.ledger).deep.equal(child.domain.ledger);
        expect(Buffer.compare(Buffer.from(memory.buffer), memoryOf(child))).equal(0);
      }
    });
  }
});
