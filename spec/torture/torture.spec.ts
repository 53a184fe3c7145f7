// Law 3, the whole of it: files, names, logs, calls between components and foreign servers, through many ends of the
// host. `npm run torture` for thousands of them.
import { expect } from "chai";
import { randomLives, someSteps, torture } from "./torture.ts";

const SMALL = ["writer", "ann", "ledger", "talker", "anna", "bruno", "left", "right"];
const STEPS = [
  "file write",
  "journal append",
  "journal sync",
  "store commit",
  "message out",
  "name moved",
] as const;

describe("torture", () => {
  it("law 3: after 5 kills at random the world is that of an uninterrupted run", async () => {
    const { wrong } = await torture({ lives: randomLives(5, 4711), cast: SMALL });
    expect(wrong).deep.equal([]);
  }).timeout(300_000);

  it("law 3: with components that rest whenever they are idle it is that, too", async () => {
    const cast = ["dan", "ledger", "left"];
    const lives = [...randomLives(2, 815), ...someSteps(["store commit"], 3)];
    const { wrong, wakings } = await torture({ lives, cast, rests: true });
    expect(wrong).deep.equal([]);
    expect(wakings).at.least(1);
  }).timeout(300_000);

  it("fault 2: killed at steps of its life and of its recovery, it leaves the world of an uninterrupted run", async () => {
    const { wrong } = await torture({ lives: someSteps(STEPS, 7), cast: SMALL });
    expect(wrong).deep.equal([]);
  }).timeout(300_000);
});
