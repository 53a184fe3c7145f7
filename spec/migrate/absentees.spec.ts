// What is noted of those who live elsewhere, on a disk that is full.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { Absentees } from "../../runtime/migrate/absentees.ts";
import type { Whereabouts } from "../../runtime/migrate/whereabouts.ts";

describe("those who live elsewhere", () => {
  it("fault 4: one that comes here is not let in before the next host would know that it is here", async () => {
    const client: Whereabouts = { identity: "one", child: "client", at: "west", epoch: 3, sessions: [] };
    const noted = new Map([[client.identity, client]]);
    let isFull = true;
    const book = {
      all: () => Promise.resolve([...noted.values()]),
      note: () => Promise.resolve(E.right(undefined)),
      drop: (identity: string) =>
        Promise.resolve(
          isFull
            ? E.left({ tag: "Unkept", child: "client", reason: "no space left" } as const)
            : E.right(void noted.delete(identity)),
        ),
    };
    const absentees = new Absentees(book);
    await absentees.recover();
    expect(E.isLeft(await absentees.came("one"))).equal(true);
    // And again, when it is tried again.
    expect(E.isLeft(await absentees.came("one"))).equal(true);
    isFull = false;
    expect(E.isRight(await absentees.came("one"))).equal(true);
    expect([noted.size, absentees.all.length]).deep.equal([0, 0]);
  });

  it("that one went is told to nobody whose host is no peer any more, and who is told of has an end", async () => {
    const gone = (identity: string, at: string, others: readonly string[]): Whereabouts => ({
      ...{ identity, child: identity, at, epoch: 3, sessions: [] },
      ...{ others, untold: others },
    });
    const noted = new Map([
      ["client", gone("client", "west", ["one", "two"])],
      ["one", { ...gone("one", "south", []), others: ["client"] }],
      ["two", { ...gone("two", "east", []), others: ["client"] }],
    ]);
    const book = {
      all: () => Promise.resolve([...noted.values()]),
      note: (each: Whereabouts) => Promise.resolve(E.right(void noted.set(each.identity, each))),
      drop: (identity: string) => Promise.resolve(E.right(void noted.delete(identity))),
    };
    const absentees = new Absentees(book);
    await absentees.recover();
    const forgone = await absentees.forgo((peer) => peer !== "south");
    expect(forgone.map(({ gone: { child }, other }) => [child, other.child])).deep.equal([["client", "one"]]);
    expect(noted.get("client")?.untold).deep.equal(["two"]);
    await absentees.forgo(() => false);
    expect(noted.get("client")?.untold).deep.equal([]);
    expect(["client", "one", "two"].some((each) => absentees.isAwaited(each))).equal(false);
  });
});
