// What a sleep keeps of its time across a freeze, by its route.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { Harness } from "./harness.ts";
import { program } from "./program.ts";

const SLEEPS = `
  const log = await env.session(c.Log);
  for (const label of ["own", "wall"])
    void env.session(c.Timer, { label }).then(async (timer) => {
      await timer.sleep(500);
      await log.write(label + " woke");
    });
  await log.write("asleep");
`;

describe("a sleep across a freeze", () => {
  it("fault 34: keeps what remained, or its deadline by the wall, where the component may not read the clock", async () => {
    const routes = [
      { service: "LOG" },
      { service: "Timer", label: "own" },
      { service: "Timer", label: "wall", deadline: "wall" as const },
    ];
    const harness = Harness.boot(await program(SLEEPS), { routes });
    const { world } = harness;
    while (world.clock.armed < 2) await harness.advance();
    const frozen = await harness.freeze();
    world.clock.now += 10_000;
    expect(E.isRight(await harness.revive(frozen))).to.equal(true);
    const revivedAt = world.clock.now;
    const woke: Record<string, number> = {};
    while (await harness.advance()) for (const line of world.log) woke[line] ??= world.clock.now - revivedAt;
    expect(woke).to.deep.include({ "wall woke": 0, "own woke": 500 });
    await harness.drop();
  });
});
