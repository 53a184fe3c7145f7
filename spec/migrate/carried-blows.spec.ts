// A client calls a server over the link between two of three durable hosts, while both move and the hosts are killed. More of
// it is the torture's: `npm run torture -- --migrate --carried --kills N`.
import { expect } from "chai";
import { carriedBlows, type Blow } from "./carried-blows.ts";

/** Over the three hosts, each of which is killed; the last but one on the way, the last with all of them. */
const FIRST: readonly Blow[] = [
  { mover: "client", to: "west", killed: [], after: 0 },
  { mover: "client", to: "south", killed: ["east", "west"], after: 120 },
  { mover: "server", to: "west", killed: ["east", "south", "west"], after: 120 },
];

describe("a session that is carried between three durable hosts", () => {
  it("laws 2, 3: each call runs once, whoever moves and whoever is killed", async function () {
    this.timeout(240_000);
    const told: string[] = [];
    await carriedBlows({ count: FIRST.length, seed: 1, first: FIRST, tell: (text) => told.push(text) });
    expect(told.at(-1)).to.match(/^5 kills, \d moves, \d+ calls, each once$/);
  });
});
