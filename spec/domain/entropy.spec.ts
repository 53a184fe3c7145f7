// Seeds of turns: different for every turn and every incarnation, the same for the same.
import { expect } from "chai";
import { turnSeed } from "../../runtime/domain/entropy.ts";

describe("turn seeds", () => {
  it("fault 35: differ between turns and between secrets, and repeat for the same", () => {
    const seen = new Set<string>();
    for (let secret = -50; secret < 50; secret++)
      for (let turn = 0; turn < 100; turn++) seen.add(turnSeed(secret, turn).join());
    expect(seen.size).equal(10_000);
    expect(turnSeed(7, 9)).deep.equal(turnSeed(7, 9));
  });

  it("spread: every bit is set about half of the time", () => {
    const counts = Array.from({ length: 64 }, () => 0);
    const turns = 4000;
    for (let turn = 0; turn < turns; turn++) {
      const [low, high] = turnSeed(0x1234, turn);
      for (let bit = 0; bit < 32; bit++) {
        counts[bit]! += (low >>> bit) & 1;
        counts[32 + bit]! += (high >>> bit) & 1;
      }
    }
    for (const count of counts) expect(count / turns).within(0.45, 0.55);
  });
});
