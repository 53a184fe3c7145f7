// When a component should have another checkpoint.
import { expect } from "chai";
import {
  CheckpointClock,
  DEFAULT_POLICY,
  type CheckpointPolicy,
} from "../../runtime/durable/checkpoint-policy.ts";

/** After which of these records it is due: a turn of `bytes` each. */
const dueAfter = (policy: Partial<CheckpointPolicy>, records: number, bytes: number): readonly number[] => {
  const due: number[] = [];
  let at = 0;
  const clock = new CheckpointClock({ ...DEFAULT_POLICY, ...policy }, () => {
    due.push(at);
  });
  for (at = 1; at <= records; at++) {
    clock.record(bytes, at % 2 === 0);
    if (due.at(-1) === at) clock.taken(0);
  }
  clock.end();
  return due;
};

describe("durable: when a component should have another checkpoint", () => {
  it("after so many turns, which are not all of its records", () =>
    expect(dueAfter({ turns: 3 }, 20, 1)).to.deep.equal([6, 12, 18]));

  it("after so many bytes, whichever comes first", () => {
    expect(dueAfter({ bytes: 100 }, 10, 40)).to.deep.equal([3, 6, 9]);
    expect(dueAfter({ bytes: 100, turns: 1 }, 5, 40)).to.deep.equal([2, 4]);
  });

  it("by default after 2,000 records, where many share a thread, or 512 KiB", () => {
    expect(dueAfter({}, 4001, 1)).to.deep.equal([2000, 4000]);
    expect(dueAfter({}, 20, 1 << 17)).to.deep.equal([4, 8, 12, 16, 20]);
    expect(dueAfter({ turns: 1500 }, 2999, 1)).to.deep.equal([]);
  });

  it("by default after 600 records where few share a thread, as long as it seldom stands still", () => {
    let sharers = 1;
    const due = { yet: false };
    const clock = new CheckpointClock(
      DEFAULT_POLICY,
      () => (due.yet = true),
      () => sharers,
    );
    const recordsTo = (pause: number): number => {
      due.yet = false;
      let records = 0;
      for (; !due.yet; records++) clock.record(1, false);
      clock.taken(pause);
      return records;
    };
    expect(recordsTo(0)).to.equal(600);
    sharers = 3;
    expect(recordsTo(0)).to.equal(600);
    expect(recordsTo(0)).to.equal(1800);
    sharers = 100;
    expect(recordsTo(0)).to.equal(1800);
    sharers = 1;
    // Longer than any machine takes for what follows.
    expect(recordsTo(1e9)).to.equal(2000);
    expect(recordsTo(0)).to.equal(2000);
    expect(recordsTo(0)).to.equal(600);
    clock.end();
  });

  it("by default after turns of 50 ms, or of fifty times what it stood still for the last one", () => {
    let told = 0;
    const clock = new CheckpointClock(DEFAULT_POLICY, () => told++);
    clock.turned(49);
    expect(told).to.equal(0);
    clock.turned(1);
    expect(told).to.equal(1);
    clock.taken(6);
    clock.turned(299);
    expect(told).to.equal(1);
    clock.turned(1);
    expect(told).to.equal(2);
    const set = new CheckpointClock({ ...DEFAULT_POLICY, turns: 10 }, () => told++);
    set.turned(1000);
    expect(told).to.equal(2);
  });

  it("is told once, until it was taken", () => {
    let told = 0;
    const clock = new CheckpointClock({ ...DEFAULT_POLICY, turns: 1 }, () => told++);
    for (let n = 0; n < 5; n++) clock.record(1, true);
    expect(told).to.equal(1);
    clock.taken(0);
    clock.record(1, true);
    expect(told).to.equal(2);
  });

  it("some time after something has entered it, and not where nothing has", async () => {
    let due!: () => void;
    const first = new Promise<void>((resolve) => (due = resolve));
    const clock = new CheckpointClock({ ...DEFAULT_POLICY, every: 1 }, () => due());
    clock.record(1, true);
    await first;
    clock.taken(0);
    clock.record(1, false);
    clock.end();
    const idle = new CheckpointClock({ ...DEFAULT_POLICY, every: 1 }, () => {
      throw new Error("nothing has entered it");
    });
    idle.taken(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});
