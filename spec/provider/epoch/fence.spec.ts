// Which incarnation a place takes effects from, in a file that several hosts share, and beside a provider in memory.
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import type { SessionError } from "../../../lib/error.ts";
import { E } from "../../../lib/fp.ts";
import { EpochFiles } from "../../../runtime/provider/epoch/epoch-file.ts";
import { fileFence } from "../../../runtime/provider/epoch/file-fence.ts";
import { Bar, type Fence } from "../../../runtime/provider/epoch/incarnation.ts";
import { memoryFence } from "../../../runtime/provider/epoch/memory-fence.ts";

const runOf = (n: number): string => n.toString(16).padStart(32, "0");

interface Life {
  readonly fence: Fence;
  readonly bar: Bar;
  readonly told: SessionError[];
}

/** Makes lives of one identity: `run` names a run of a host, after those in `before`. */
type Place = (identity: string, epoch: number, run: number, before?: readonly number[]) => Life;

const lives = (make: (options: Parameters<typeof memoryFence>[1]) => Fence): Place => {
  return (identity, epoch, run, before = []) => {
    const told: SessionError[] = [];
    const bar = new Bar((error) => told.push(error));
    const runs = [...before, run].map(runOf).join("\n");
    const incarnation = { identity, epoch, run: runOf(run), runs, host: `host ${run}` };
    return { fence: make({ incarnation, bar, service: "File_system", label: "data" }), bar, told };
  };
};

const passes = ({ fence }: Life): boolean => fence.check() === null;

describe("provider: epochs", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "cryonode-epochs-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const path = (): string => join(folder, "epochs");
  const inFile = (files = new EpochFiles()): Place =>
    lives((options) => fileFence({ ...options, files, places: [{ folder, name: "epochs", own: false }] }));
  const inMemory = (): Place => {
    const provider = {};
    return lives((options) => memoryFence(provider, options));
  };

  for (const [where, place] of [
    ["in a file", inFile],
    ["in a file, by two threads", () => alternating(inFile(), inFile())],
    ["in memory", inMemory],
  ] as const) {
    it(`law 5: ${where}: of two incarnations the later one's effects are taken`, () => {
      const make = place();
      const id = randomUUID();
      const old = make(id, 1, 1);
      expect(passes(old)).to.equal(true);
      const other = make(randomUUID(), 1, 1);
      expect(passes(other)).to.equal(true);
      const late = make(id, 2, 2);
      expect(late.fence.raise()).to.deep.equal(E.right(undefined));
      const refusal = {
        ...{ tag: "Stale", service: "File_system", label: "data", epoch: 1, latest: 2 },
        host: "host 2",
      };
      expect(old.fence.check()).to.deep.equal(E.left(refusal));
      expect(old.fence.check()).to.deep.equal(E.left(refusal));
      expect(old.told).to.deep.equal([refusal]);
      expect(passes(late) && passes(other)).to.equal(true);
      expect(E.isLeft(make(id, 1, 3).fence.raise()), "an older one that comes back").to.equal(true);
      expect(passes(late)).to.equal(true);
    });

    it(`fault 38: ${where}: of one epoch, what a crash cut off goes on, and a copy of the state directory does not`, () => {
      const make = place();
      const id = randomUUID();
      expect(make(id, 4, 1).fence.raise()).to.deep.equal(E.right(undefined));
      const again = make(id, 4, 2, [1]);
      expect(again.fence.raise()).to.deep.equal(E.right(undefined));
      expect(E.isLeft(make(id, 4, 3, [1]).fence.raise())).to.equal(true);
      expect(passes(again)).to.equal(true);
    });

    it(`fault 32: ${where}: a revival that came to nothing gives its epoch back`, () => {
      const make = place();
      const id = randomUUID();
      const old = make(id, 3, 1);
      expect(passes(old)).to.equal(true);
      const failed = make(id, 4, 2);
      expect(failed.fence.raise()).to.deep.equal(E.right(undefined));
      expect(failed.fence.lower()).to.deep.equal(E.right(undefined));
      expect(failed.fence.lower()).to.deep.equal(E.right(undefined));
      expect(passes(old)).to.equal(true);
      expect(make(id, 4, 3).fence.raise(), "elsewhere").to.deep.equal(E.right(undefined));
    });

    it(`law 5: ${where}: whoever comes in whatever order, at most one passes`, () => {
      const come = fc.array(
        fc.record({ epoch: fc.integer({ min: 1, max: 4 }), run: fc.integer({ min: 1, max: 3 }) }),
        {
          maxLength: 12,
        },
      );
      fc.assert(
        fc.property(come, (all) => {
          const make = place();
          const id = randomUUID();
          const came: (Life & { readonly name: string })[] = [];
          let holder = { epoch: 0, run: 0 };
          for (const { epoch, run } of all) {
            const life = make(id, epoch, run);
            came.push({ ...life, name: `${epoch} ${run}` });
            const isStale = epoch < holder.epoch || (epoch === holder.epoch && run !== holder.run);
            expect(E.isLeft(life.fence.raise())).to.equal(isStale);
            if (!isStale) holder = { epoch, run };
            const passing = came.filter(passes).map(({ name }) => name);
            expect(new Set(passing)).to.deep.equal(new Set([`${holder.epoch} ${holder.run}`]));
          }
          for (const { fence } of came) fence.close();
        }),
        { numRuns: 40 },
      );
    });
  }

  it("law 5: what one fence finds out holds for all of the incarnation", () => {
    const files = new EpochFiles();
    const id = randomUUID();
    const bar = new Bar(() => {});
    const incarnation = { identity: id, epoch: 1, run: runOf(1), runs: runOf(1), host: "a" };
    const place = (name: string) => [{ folder, name, own: false }];
    const common = { incarnation, bar, service: "Gate", label: "line", files } as const;
    const [one, two] = [
      fileFence({ ...common, places: place("one") }),
      fileFence({ ...common, places: place("two") }),
    ];
    expect([one.check(), two.check()]).to.deep.equal([null, null]);
    const late = { ...incarnation, epoch: 2, run: runOf(2), runs: runOf(2) };
    const later = fileFence({ ...common, bar: new Bar(() => {}), incarnation: late, places: place("one") });
    expect(later.raise()).to.deep.equal(E.right(undefined));
    expect(E.isLeft(one.check() ?? E.right(null))).to.equal(true);
    expect(E.isLeft(two.check() ?? E.right(null))).to.equal(true);
  });

  it("a record whose slot another host took at the same time is written elsewhere", () => {
    const make = inFile();
    const [mine, theirs] = [randomUUID(), randomUUID()];
    const life = make(mine, 1, 1);
    expect(passes(life)).to.equal(true);
    const other = inFile()(theirs, 1, 2);
    expect(passes(other)).to.equal(true);
    // The other host had seen the file while it was shorter.
    const bytes = readFileSync(path());
    bytes.copyWithin(64, 128, 192);
    writeFileSync(path(), bytes.subarray(0, 128));
    expect(passes(life)).to.equal(true);
    expect(passes(other)).to.equal(true);
    expect(passes(life) && passes(other)).to.equal(true);
  });

  it("a damaged record is written anew by whoever holds it, and grants nothing to a later one's past", () => {
    const id = randomUUID();
    const life = inFile()(id, 2, 1);
    expect(passes(life)).to.equal(true);
    const bytes = readFileSync(path());
    bytes[64 + 20]! ^= 1;
    writeFileSync(path(), bytes);
    expect(passes(life)).to.equal(true);
    expect(E.isLeft(inFile()(id, 1, 2).fence.raise())).to.equal(true);
  });

  it("a file that is something else is refused by name and left alone", () => {
    writeFileSync(path(), "x".repeat(100));
    expect(inFile()(randomUUID(), 1, 1).fence.check()).to.deep.equal(
      E.left({ tag: "Io", code: "EBADMSG", what: `record of epochs ${path()}` }),
    );
    expect(readFileSync(path(), "utf8")).to.equal("x".repeat(100));
  });

  it("one identity takes 64 bytes, however often it comes back", () => {
    const make = inFile();
    const ids = Array.from({ length: 50 }, () => randomUUID());
    for (let epoch = 1; epoch <= 3; epoch++)
      for (const id of ids) {
        const life = make(id, epoch, epoch);
        expect(life.fence.raise()).to.deep.equal(E.right(undefined));
        life.fence.close();
      }
    expect(statSync(path()).size).to.equal(64 * 51);
  });
});

/** Every other life in another thread. */
const alternating = (...places: readonly Place[]): Place => {
  let next = 0;
  return (...life) => places[next++ % places.length]!(...life);
};
