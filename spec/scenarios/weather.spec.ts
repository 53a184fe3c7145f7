// The weather scenario: what it shows is the same each time.
import { join } from "node:path";
import { expect } from "chai";
import { complaints, logOf, repository, run, type Ran } from "./cryonode.ts";

describe("the weather scenario", () => {
  let first: Ran;
  let second: Ran;

  before(async () => {
    const file = join(repository, "scenarios", "weather.yaml");
    first = await run(file);
    second = await run(file);
  });

  it("comes to its verdict, twice", () => {
    expect([...complaints(first), ...complaints(second)]).to.deep.equal([]);
  });

  it("tells the same events in the same order", () => {
    const essence = ({ events }: Ran) =>
      events.map(({ event, child, text, ok, generation, reopened }) => ({
        event,
        child,
        text,
        ok,
        generation,
        reopened,
      }));
    expect(essence(first).map(({ event }) => event)).to.include.members([
      "frozen",
      "revived",
      "exited",
      "verdict",
    ]);
    expect(essence(second)).to.deep.equal(essence(first));
  });

  it("is frozen inside the file, further on each time", () => {
    const positions = first.events
      .filter(({ event }) => event === "revived")
      .flatMap(({ reopened }) => reopened as { kind: string; name: string; position: number }[])
      .filter(({ name }) => name === "seattle-weather.csv")
      .map(({ position }) => position);
    expect(positions).to.have.length(3);
    const [one = 0, two = 0, three = 0] = positions;
    expect(one).to.be.above(0);
    expect(two).to.be.above(one);
    expect(three).to.be.above(two).and.below(48219);
  });

  it("logs each quarter once", () => {
    const quarters = logOf(first, "weather").flatMap((line) => /^(\d{4} Q\d)  /.exec(line)?.[1] ?? []);
    const years = [2012, 2013, 2014, 2015];
    expect(quarters).to.deep.equal(
      years.flatMap((year) => [1, 2, 3, 4].map((quarter) => `${year} Q${quarter}`)),
    );
  });
});
