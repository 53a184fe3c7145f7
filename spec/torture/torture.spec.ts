// Law 3, the whole of it: files, names, logs, calls between components and a foreign server, through many ends of the
// host. `npm run torture -- --kills N --seed S` for thousands.
import { expect } from "chai";
import { torture } from "./torture.ts";

describe("torture", () => {
  it("law 3: after 12 kills at random the world is that of an uninterrupted run", async () => {
    const { wrong, repeats, kills } = await torture({ kills: 12, seed: 4711, work: 250 });
    expect(wrong).deep.equal([]);
    expect(repeats).at.most(kills * 2);
  }).timeout(300_000);
});
