// Where appends are planned to go: one after the other, and where the file says that it ends whenever that may be otherwise
// than what is known.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import type { Growth } from "../../runtime/core/service.ts";
import { GrowthPlans } from "../../runtime/durable/growth-plans.ts";

/** A file as its appends see it, which somebody else may change, too. */
class Stage {
  now = 0;
  length = 0;
  asked = 0;
  readonly plans = new GrowthPlans(() => this.now);
  readonly growth: Growth = {
    name: "file 1:1",
    end: () => {
      this.asked++;
      return E.right(this.length);
    },
    size: (data) => (data as string).length,
    append: (data, at) => {
      this.length = Math.max(this.length, at + (data as string).length);
      return E.right(undefined);
    },
  };

  reserve(data: string): number {
    return this.plans.reserve(this.growth, data)!;
  }
  /** Makes an append that was planned. */
  make(data: string, place: number): void {
    this.growth.append(data, place);
    this.plans.done(this.growth, true);
  }
  step(data: string): number {
    const place = this.reserve(data);
    this.make(data, place);
    return place;
  }
}

describe("plans of appends", () => {
  it("lie behind one another, whatever of them was made", () => {
    const stage = new Stage();
    const [first, second] = [stage.reserve("ab"), stage.reserve("cde")];
    expect([first, second]).to.deep.equal([0, 2]);
    stage.make("ab", first);
    expect(stage.reserve("f")).to.equal(5);
    expect(stage.asked).to.equal(1);
  });

  it("ask the file once for many that follow each other closely", () => {
    const stage = new Stage();
    const places = Array.from({ length: 10 }, () => stage.step("abc"));
    expect(places).to.deep.equal([0, 3, 6, 9, 12, 15, 18, 21, 24, 27]);
    expect(stage.asked).to.equal(1);
  });

  it("see what strangers appended or cut off as soon as the file is asked again, however busy it is", () => {
    const stage = new Stage();
    for (let n = 0; n < 30; n++) {
      stage.step("a");
      stage.now += 10;
    }
    expect(stage.asked).to.be.within(2, 10);
    stage.length = 1000;
    let place = 0;
    for (let n = 0; n < 10; n++) {
      place = stage.step("a");
      stage.now += 10;
    }
    expect(place).to.be.greaterThan(999);
  });

  it("ask again after anything else was changed, or may have been", () => {
    const stage = new Stage();
    stage.step("abc");
    stage.length = 1;
    stage.plans.forget();
    expect(stage.step("d")).to.equal(1);
  });

  it("ask again after an append that failed", () => {
    const stage = new Stage();
    stage.reserve("abc");
    stage.plans.done(stage.growth, false);
    expect(stage.step("d")).to.equal(0);
  });

  it("go on behind a plan of the past, and ask once it was made", () => {
    const stage = new Stage();
    stage.length = 4;
    stage.plans.resume(stage.growth, "abc", 4);
    expect(stage.reserve("d")).to.equal(7);
    stage.make("abc", 4);
    stage.make("d", 7);
    stage.length = 20;
    expect(stage.step("e")).to.equal(20);
  });

  it("lie behind all that is there when others come back after the first", () => {
    const stage = new Stage();
    stage.plans.resume(stage.growth, "abc", 0);
    // Another one has made its appends before, or writes them again.
    stage.length = 9;
    stage.plans.forget();
    expect(stage.reserve("d")).to.equal(9);
    expect(stage.reserve("e")).to.equal(10);
  });

  it("keep the place of one who has gone, and ask again when it has come back and made its append", () => {
    const stage = new Stage();
    const place = stage.reserve("abc");
    stage.plans.leave(stage.growth, place);
    expect(stage.step("d")).to.equal(3);
    stage.plans.resume(stage.growth, "abc", place);
    expect(stage.reserve("e")).to.equal(4);
    stage.make("abc", place);
    stage.make("e", 4);
    // Cut off by somebody since.
    stage.length = 1;
    stage.plans.forget();
    expect(stage.step("f")).to.equal(1);
  });

  it("know where the log of another file ends by that file alone", () => {
    const stage = new Stage();
    stage.step("abc");
    const other: Growth = { ...stage.growth, name: "file 1:2", end: () => E.right(100) };
    expect(stage.plans.reserve(other, "x")).to.equal(100);
    expect(stage.reserve("d")).to.equal(3);
  });
});
