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
});
