// What a recorder does where the disk refuses to sync what was written: nothing may be seen of its child from then on,
// since a recovery begins before that. And what of a file's past writes is written again then.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { Log } from "../../lib/session/log.ts";
import type { Answer, CoreObject } from "../../runtime/core/service.ts";
import { remaining } from "../../runtime/durable/remaining.ts";
import type { MadeBy } from "../../runtime/durable/replay.ts";
import { fileOf, growing, stage } from "./recorder-stage.ts";

const EIO = { tag: "Io", code: "EIO", what: "sync of a.txt" } as const;
const FULL = { tag: "NoSpace", path: "a.log" } as const;

describe("a disk that does not sync what a durable child wrote", () => {
  it("fault 4: a failed sync is told once, with file and error, and nothing is noted or let out after it", async () => {
    const { recorder, told, call } = stage();
    const file = fileOf(E.left(EIO));
    await call(file, "write", "x");
    const before = recorder.sequence;
    expect(E.isLeft(recorder.syncFiles())).to.equal(true);
    expect(told).to.deep.equal(["sync of a.txt failed with EIO"]);
    recorder.remembered();
    expect(recorder.sequence).to.equal(before);
    expect(await recorder.ending()).to.equal(null);
    expect(recorder.falling()).to.equal(false);
  });

  it("fault 4: one that comes to its end with it has not ended; nor is a close answered that could not sync", async () => {
    const first = stage();
    await first.call(fileOf(E.left(EIO)), "write", "x");
    expect(await first.recorder.ending()).to.equal(null);
    const second = stage();
    const file = fileOf(E.left(EIO));
    await second.call(file, "write", "x");
    let answered = false;
    void second.call(file, "close").then(() => (answered = true));
    for (let round = 0; round < 8; round++) await new Promise((resolve) => setImmediate(resolve));
    expect(answered).to.equal(false);
    expect(second.told).to.have.length(1);
  });

  it("fault 4: what is called after that has no place, for no record tells of it", async () => {
    const { recorder, plans, call } = stage();
    const file = growing(E.left(EIO));
    await call(file, "write", "abc");
    recorder.syncFiles();
    void call(file, "write", "def");
    expect(plans.reserve(file.life!.growth!, "x")).to.equal(3);
  });

  it("fault 4: what waited for its end to be on stable storage hears at once that it is not", async () => {
    const { recorder, call } = stage();
    await call(fileOf(E.left(EIO)), "write", "x");
    recorder.hold();
    const ending = recorder.ending();
    for (let round = 0; round < 8; round++) await new Promise((resolve) => setImmediate(resolve));
    recorder.syncFiles();
    expect(await ending).to.equal(null);
  });

  it("fault 4: where a component was told of a failed sync, what it wrote is not taken for written either", async () => {
    const { recorder, told, call } = stage();
    const file = fileOf(E.left(EIO));
    await call(file, "write", "x");
    expect(await call(file, "sync")).to.deep.equal(E.left(EIO));
    expect(told).to.deep.equal([]);
    // No later sync tells of it again.
    expect(E.isLeft(recorder.syncFiles())).to.equal(true);
    expect(told).to.deep.equal(["sync of a.txt failed with EIO"]);
  });

  it("what is given up of one that its host stops is noted: should it go on, it finds another place", async () => {
    const { recorder, records, plans, call } = stage({ syncs: false });
    const file = growing();
    void call(file, "write", "abc");
    const finished = recorder.finish();
    recorder.end();
    expect(records.at(-1)).to.deep.include({ kind: "plan", slot: 1, plan: null });
    expect(plans.reserve(file.life!.growth!, "x")).to.equal(0);
    await finished;
  });

  it("fault 4: what goes to a full log waits until there is space, and no component hears of that", async () => {
    const { told, call } = stage();
    const answers: Answer<void>[] = [E.left(FULL), E.left(FULL)];
    const written: unknown[] = [];
    const log = {
      contract: Log,
      life: {
        growth: {
          ...{ name: "log", end: () => E.right(0), size: () => 1 },
          append: (text: unknown, place: number) => {
            written.push([text, place]);
            return answers.shift() ?? E.right(undefined);
          },
        },
      },
    } as unknown as CoreObject;
    expect(await call(log, "write", "said")).to.deep.equal(E.right(undefined));
    expect(written).to.deep.equal([
      ["said", 0],
      ["said", 0],
      ["said", 0],
    ]);
    expect(told).to.deep.equal([
      "its log can't be written: no space left for a.log; what it says there waits until it can",
    ]);
  });

  it("what was cut off since is not written again, and nobody's writes are cut off once more", () => {
    const write = (selector: number, place: number, data: string): MadeBy => ({
      selector,
      effect: { method: "write", args: [data], place },
    });
    const truncate = (selector: number, size: number): MadeBy => ({
      selector,
      effect: { method: "truncate", args: [size], place: 0 },
    });
    const made = [
      write(1, 0, "abcdef"),
      write(2, 4, "ghij"),
      write(3, 0, "other"),
      truncate(2, 5),
      write(1, 5, "z"),
    ];
    const left = remaining(made, (selector) => (selector === 3 ? "b" : "a"));
    expect(
      left.map(({ selector, effect: { args, place } }) => [
        selector,
        place,
        Buffer.from(args[0] as string).toString(),
      ]),
    ).to.deep.equal([
      [1, 0, "abcde"],
      [2, 4, "g"],
      [3, 0, "other"],
      [1, 5, "z"],
    ]);
  });
});
