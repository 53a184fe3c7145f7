// An assertion: the same events leave the same memory, byte for byte, and the same ledger, whatever the schedule
// of freezes was.
import { expect } from "chai";
import { Harness, type Frozen } from "../domain/harness.ts";
import { comparable } from "./comparable.ts";
import type { WorldOptions } from "../domain/world.ts";

/** Freezes at the points that `schedule` says, and for good at `point`. */
const frozenAt = async (
  bytecode: Uint8Array,
  options: WorldOptions,
  point: number,
  schedule: (point: number) => boolean,
): Promise<Frozen> => {
  const harness = Harness.boot(bytecode, options);
  await harness.run(schedule, point);
  return harness.freeze();
};

const PAGE = 4096;

/** Where two memories differ, by page; short enough to be read. */
const differingPages = (a: Uint8Array, b: Uint8Array): string => {
  const pages: string[] = [];
  for (let at = 0; at < Math.max(a.length, b.length) && pages.length < 8; at += PAGE)
    if (Buffer.compare(a.subarray(at, at + PAGE), b.subarray(at, at + PAGE)) !== 0)
      pages.push(at.toString(16));
  return pages.join(" ");
};

/** Compares at the last point that the component is alive at, and in the middle of its life. */
export const assertSameMemory = async (bytecode: Uint8Array, options: WorldOptions): Promise<void> => {
  const measured = Harness.boot(bytecode, options);
  const points = await measured.run();
  await measured.drop();
  for (const end of new Set([points - 1, points >> 1])) {
    const straight = await frozenAt(bytecode, options, end, () => false);
    const schedules: Readonly<Record<string, (point: number) => boolean>> = {
      "every turn": () => true,
      "odd turns": (point) => point % 2 === 1,
      "every third": (point) => point % 3 === 0,
      once: (point) => point === end >> 1,
    };
    for (const [name, schedule] of Object.entries(schedules)) {
      const other = await frozenAt(bytecode, options, end, schedule);
      const what = `frozen ${name} before point ${end} of ${points}`;
      expect(differingPages(other.memory, straight.memory), `${what}: pages that differ`).equal("");
      expect(other.registers, what).deep.equal(straight.registers);
      expect(other.snapshot.ledger, what).deep.equal(straight.snapshot.ledger);
      const positions = straight.snapshot.positions.map(comparable);
      expect(other.snapshot.positions.map(comparable), what).deep.equal(positions);
      expect(other.snapshot.inbox, what).deep.equal(straight.snapshot.inbox);
      expect(other.snapshot.turn, what).equal(straight.snapshot.turn);
    }
  }
};
