import { expect } from "chai";
import * as fc from "fast-check";
import { tiedGroups } from "../../runtime/daemon/tied-groups.ts";

describe("daemon: groups of children that are tied", () => {
  it("those who are tied, by way of others too, are one group; ties to others count for nothing", () => {
    const ties: Record<string, string[]> = { a: ["c", "gone"], c: ["a", "e"], e: ["c"], b: [], d: ["b"] };
    const groups = tiedGroups(["a", "b", "c", "d", "e"], (name) => ties[name] ?? []);
    expect(groups).to.deep.equal([["a", "c", "e"], ["b"], ["d"]]);
  });

  it("each is in one group, with all that it is tied to both ways", () => {
    const name = fc.integer({ min: 0, max: 9 }).map(String);
    fc.assert(
      fc.property(fc.uniqueArray(name), fc.array(fc.tuple(name, name)), (names, pairs) => {
        const tied = (of: string): string[] =>
          pairs.flatMap(([one, other]) => (one === of ? [other] : other === of ? [one] : []));
        const groups = tiedGroups(names, tied);
        expect(groups.flat().toSorted()).to.deep.equal(names.toSorted());
        for (const group of groups)
          for (const member of group)
            for (const other of tied(member)) if (names.includes(other)) expect(group).to.include(other);
      }),
    );
  });
});
