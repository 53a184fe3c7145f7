// What every ground owes the store on it.
import { expect } from "chai";
import * as fc from "fast-check";
import { afterPrefix, type Ground, type Key, type View } from "../../../runtime/durable/store/ground.ts";
import { right } from "../../image/either.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const shown = (view: View, prefix: Key): string =>
  view
    .range(prefix, 1000)
    .map(([key, value]) => `${key}=${Buffer.from(value).toString("latin1")}`)
    .join(" ");

const key = fc.string({
  minLength: 1,
  maxLength: 3,
  unit: fc.constantFrom("a", "b", "c", "\0", "\x7f", "\xfe", "\xff"),
});
const changes = fc.array(
  fc.tuple(key, fc.option(fc.string({ maxLength: 3, unit: fc.constantFrom("x", "y") }))),
  {
    maxLength: 8,
  },
);

export const groundSuite = (open: () => Promise<Ground>, cleanUp: () => Promise<void>): void => {
  let ground: Ground;
  beforeEach(async () => {
    ground = await open();
  });
  afterEach(async () => {
    await ground.close();
    await cleanUp();
  });
  const write = (entries: readonly (readonly [Key, string | null])[]): void =>
    right(ground.write(new Map(entries.map(([name, text]) => [name, text === null ? null : bytes(text)]))));

  it("does what a map does, in the order of bytes", async () => {
    const model = new Map<Key, string>();
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 6 }), key, (batches, asked) => {
        for (const batch of batches) {
          const last = new Map(batch);
          write([...last]);
          for (const [name, text] of last) {
            if (text === null) model.delete(name);
            else model.set(name, text);
          }
        }
        const sorted = [...model].sort(([a], [b]) => (a < b ? -1 : 1));
        const view = ground.view();
        const expected = (prefix: Key): string =>
          sorted
            .filter(([name]) => name.startsWith(prefix))
            .map(([name, text]) => `${name}=${text}`)
            .join(" ");
        expect(shown(view, "")).to.equal(expected(""));
        expect(shown(view, asked)).to.equal(expected(asked));
        const after = view.range("", 2, asked).map(([name]) => name);
        expect(after).to.deep.equal(
          sorted
            .map(([name]) => name)
            .filter((name) => name > asked)
            .slice(0, 2),
        );
        const value = view.get(asked);
        expect(value === null ? undefined : Buffer.from(value).toString("latin1")).to.equal(model.get(asked));
        const begun = sorted.map(([name]) => name).filter((name) => name.startsWith(asked));
        expect(ground.last(asked)).to.equal(begun.at(-1) ?? null);
        view.close();
      }),
      { numRuns: 60 },
    );
  });

  it("a view stays as it was, whatever is written", async () => {
    write([
      ["a", "1"],
      ["b", "2"],
      ["d", "4"],
    ]);
    const before = ground.view();
    write([
      ["a", "one"],
      ["b", null],
      ["c", "3"],
    ]);
    const between = ground.view();
    write([
      ["b", "two"],
      ["d", null],
      ["e", "5"],
    ]);
    for (let turn = 0; turn < 3; turn++) {
      const after = ground.view();
      expect(shown(before, "")).to.equal("a=1 b=2 d=4");
      expect(shown(between, "")).to.equal("a=one c=3 d=4");
      expect(shown(after, "")).to.equal("a=one b=two c=3 e=5");
      expect(before.range("", 2).map(([name]) => name)).to.deep.equal(["a", "b"]);
      expect(before.get("c")).to.equal(null);
      expect(between.get("b")).to.equal(null);
      after.close();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    before.close();
    between.close();
  });

  it("what it answers is the asker's own", () => {
    write([["a", "1"]]);
    const view = ground.view();
    view.get("a")!.fill(0);
    view.range("a", 1)[0]![1].fill(0);
    expect(shown(view, "a")).to.equal("a=1");
    view.close();
  });

  it("holds large values and many", () => {
    const large = Buffer.alloc(3_000_000, "large");
    right(ground.write(new Map([["large", large]])));
    write(Array.from({ length: 3000 }, (_, i) => [`k${String(i).padStart(5, "0")}`, String(i)] as const));
    const view = ground.view();
    expect(Buffer.compare(view.get("large")!, large)).to.equal(0);
    expect(view.range("k", 5000)).to.have.length(3000);
    expect(view.range("k", 1, "k01233")[0]![0]).to.equal("k01234");
    view.close();
    expect(ground.bytes()).to.be.greaterThan(3_000_000);
    expect(ground.last("k")).to.equal("k02999");
    expect(ground.last("zz")).to.equal(null);
  });
};

describe("the end of a prefix", () => {
  it("is the first key after all that begin with it", () => {
    expect(afterPrefix("a")).to.equal("b");
    expect(afterPrefix("a\xff\xff")).to.equal("b");
    expect(afterPrefix("\xff")).to.equal(null);
    expect(afterPrefix("")).to.equal(null);
  });
});
