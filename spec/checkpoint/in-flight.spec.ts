// Calls that are outstanding at a freeze: each is issued again or completed, never both; and what time does to
// those that wait for it.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { systemEntropy } from "../../runtime/domain/entropy.ts";
import { Harness, outputsOf, quiet } from "../domain/harness.ts";
import { program } from "../domain/program.ts";
import { OPEN_ROUTES, World } from "../domain/world.ts";

describe("calls in flight", () => {
  /** A child that was run to its rest at `now` ms, and what it runs in. */
  const waiting = async (body: string, world: World, now = 0): Promise<Harness> => {
    const harness = Harness.boot(await program(body), world);
    await quiet();
    while (harness.domain.state === "running" && (!harness.domain.idle || world.clock.now < now)) {
      if (harness.domain.idle) world.clock.advance(now - world.clock.now);
      await (harness.domain.idle ? quiet() : harness.advance());
    }
    return harness;
  };
  const revive = async (harness: Harness, frozen: Awaited<ReturnType<Harness["freeze"]>>): Promise<void> => {
    const revived = await harness.revive(frozen);
    if (E.isLeft(revived)) throw new Error(JSON.stringify(revived.left));
  };

  const SLEEPER = `
    const log = await env.session(c.Log);
    const timer = await env.session(c.Timer);
    await timer.sleep(1000);
    await log.write((await timer.elapsed()) + " " + (await timer.now()));
  `;

  it("fault 10: a sleep is issued again with what is left of it, and ends once", async () => {
    const world = new World();
    const harness = await waiting(SLEEPER, world, 400);
    await harness.refreeze();
    await harness.refreeze();
    expect(world.clock.armed).equal(1);
    await harness.run();
    expect(world.clock.now).equal(1000);
    expect(world.log).deep.equal([`1000 ${world.clock.wall()}`]);
  });

  it("fault 10: a receive is issued again; a message that came meanwhile is received once", async () => {
    const body = `
      const log = await env.session(c.Log);
      const line = await env.session(c.Gate, { label: "line" });
      for (let i = 0; i < 3; i++) await log.write(String(await line.receive()));
    `;
    const world = new World({ gates: ["line"] });
    const harness = await waiting(body, world);
    const frozen = await harness.freeze();
    world.inject("line", "while it was frozen");
    await revive(harness, frozen);
    await harness.run();
    world.inject("line", "at rest");
    await harness.refreeze();
    world.inject("line", "last");
    await harness.refreeze();
    await harness.run();
    expect(world.log).deep.equal(["while it was frozen", "at rest", "last"]);
    expect(world.ending).deep.equal({ kind: "exited", code: 0 });
  });

  it("fault 7: a gate that is being opened while its child is taken down stands still like all others", async () => {
    const body = `
      const log = await env.session(c.Log);
      const line = await env.session(c.Gate, { label: "line" });
      await log.write(String(await line.receive()));
    `;
    const world = new World({ gates: ["line"] });
    const harness = Harness.boot(await program(body), world);
    await quiet();
    // The turn that asks for the gate: its answer comes when all that is there has been told to stand still.
    harness.domain.step();
    const captured = await harness.capture({ deadline: 0, plan: () => null });
    if (E.isLeft(captured)) throw new Error(JSON.stringify(captured.left));
    const { snapshot, memory, registers } = captured.right;
    expect(Object.values(snapshot.ledger.capabilities).map(({ kind }) => kind)).include("session");
    await harness.drop();
    await revive(harness, { snapshot, memory, registers });
    world.inject("line", "heard");
    await harness.run();
    expect(world.log).deep.equal(["heard"]);
  });

  it("fault 10: ROM.changed is issued again; a change meanwhile is told once", async () => {
    const body = `
      const log = await env.session(c.Log);
      const rom = await env.session(c.Rom, { label: "input" });
      for (let i = 0; i < 2; i++) { const v = await rom.changed(); await log.write(v + " " + await rom.text()); }
    `;
    const world = new World({ roms: { input: "first" } });
    const harness = await waiting(body, world);
    const frozen = await harness.freeze();
    world.roms.source("input").replace("second");
    await revive(harness, frozen);
    await harness.run();
    await harness.refreeze();
    expect(world.log).deep.equal(["2 second"]);
    world.roms.source("input").replace("third");
    await harness.refreeze();
    await harness.run();
    expect(world.log).deep.equal(["2 second", "3 third"]);
  });

  it("fault 10: a send that waits for room is completed before the freeze, or the freeze fails and it goes on", async () => {
    const body = `
      const log = await env.session(c.Log);
      const line = await env.session(c.Gate, { label: "line" });
      for (let i = 0; i < 4; i++) { await line.send("m" + i); await log.write("sent " + i); }
    `;
    const world = new World({ gates: ["line"], bound: { messages: 2, bytes: 1000 } });
    const harness = await waiting(body, world);
    expect(world.log).deep.equal(["sent 0", "sent 1"]);
    const late = harness.capture({ deadline: 100 });
    world.clock.advance(100);
    const failed = await late;
    expect(E.isLeft(failed) && failed.left.tag).equal("Deadline");
    expect(E.isLeft(failed) && failed.left.tag === "Deadline" && failed.left.calls).have.length(1);
    expect(harness.domain.state).equal("running");
    const freezing = harness.freeze();
    await quiet();
    const gate = world.gates.get("line")!;
    expect(gate.take()).equal("m0");
    await revive(harness, await freezing);
    const rest = harness.run();
    await rest;
    const received = [gate.take(), gate.take()];
    await harness.run();
    received.push(gate.take());
    await harness.run();
    expect(received).deep.equal(["m1", "m2", "m3"]);
    expect(gate.sent).deep.equal([]);
    expect(world.log).deep.equal(["sent 0", "sent 1", "sent 2", "sent 3"]);
    expect(world.ending).deep.equal({ kind: "exited", code: 0 });
  });

  const HOUR = 3_600_000;

  for (const [what, pass] of [
    ["an hour later", HOUR],
    ["an hour earlier", -HOUR],
    ["after a reboot", 5],
  ] as const)
    it(`fault 34: revived ${what}: remaining time is kept, and monotonic time goes on where it stood`, async () => {
      const world = new World();
      const harness = await waiting(SLEEPER, world, 400);
      const frozen = await harness.freeze();
      world.clock.wallOffset += pass;
      // A machine that was booted anew counts from 0.
      world.clock.now = what === "after a reboot" ? 0 : 400;
      const from = world.clock.now;
      await revive(harness, frozen);
      await harness.run();
      expect(world.clock.now - from).equal(600);
      expect(world.log).deep.equal([`1000 ${world.clock.wall()}`]);
    });

  for (const [what, pass, left] of [
    ["an hour later, it ends at once", HOUR, 0],
    ["200 ms later, 400 are left", 200, 400],
    ["an hour earlier, it waits until then", -HOUR, HOUR + 600],
  ] as const)
    it(`fault 34: under "deadline: wall", ${what}`, async () => {
      const routes = [{ service: "Timer", deadline: "wall" as const }, ...OPEN_ROUTES];
      const world = new World({ routes });
      const harness = await waiting(SLEEPER, world, 400);
      const frozen = await harness.freeze();
      world.clock.wallOffset += pass;
      const from = world.clock.now;
      await revive(harness, frozen);
      await harness.run();
      expect(world.clock.now - from).equal(left);
      const [elapsed] = world.log[0]!.split(" ");
      expect(Number(elapsed)).equal(400 + left);
    });

  for (const [what, pass] of [
    ["an hour later", HOUR],
    ["an hour earlier", -HOUR],
    ["after a reboot", 5],
  ] as const)
    it(`fault 34: revived ${what}: timeouts, intervals and periods fire when what was left of them has passed`, async () => {
      const body = `
        const log = await env.session(c.Log);
        const timer = await env.session(c.Timer);
        const say = async (what: string) => log.write(what + " " + (await timer.elapsed()));
        setTimeout(() => void say("timeout"), 900);
        const cleared = setTimeout(() => void say("cleared"), 950);
        let beats = 0;
        const interval = setInterval(() => { void say("interval"); if (++beats === 3) clearInterval(interval); }, 300);
        let times = 0;
        for await (const _ of timer.periodic(350)) { await say("period"); if (++times === 2) { clearTimeout(cleared); break; } }
      `;
      const straight = (await outputsOf(await program(body))).outputs.log;
      const world = new World();
      const harness = await waiting(body, world, 200);
      const frozen = await harness.freeze();
      world.clock.wallOffset += pass;
      world.clock.now = what === "after a reboot" ? 0 : 200;
      const from = world.clock.now;
      await revive(harness, frozen);
      await harness.run();
      expect(world.log).deep.equal(straight);
      expect(world.clock.now - from).equal(700);
    });

  it("fault 34: monotonic time never runs backwards, whatever the clocks do", async () => {
    const body = `
      const log = await env.session(c.Log);
      const timer = await env.session(c.Timer);
      for (let i = 0; i < 20; i++) { await log.write(String(performance.now())); await log.write(String(await timer.elapsed())); await timer.sleep(3); }
    `;
    const world = new World();
    const harness = Harness.boot(await program(body), world);
    for (let i = 0; harness.domain.state === "running"; i++) {
      if (i % 7 === 3) {
        const frozen = await harness.freeze();
        world.clock.now = [0, 50, 1e9, 2][i % 4]!;
        world.clock.wallOffset -= 1e7;
        await revive(harness, frozen);
      }
      await harness.advance();
    }
    const told = world.log.map(Number);
    expect(told).deep.equal(told.toSorted((a, b) => a - b));
    expect(told.at(-1)).equal(57);
  });

  it("fault 35: of one image revived twice, random numbers and ids differ", async () => {
    const body = `
      const log = await env.session(c.Log);
      const timer = await env.session(c.Timer);
      await timer.sleep(10);
      await log.write([Math.random(), Math.random(), crypto.randomUUID(), crypto.getRandomValues(new Uint32Array(2)).join()].join(" "));
    `;
    const bytecode = await program(body);
    const harness = await waiting(body, new World(), 5);
    const frozen = await harness.freeze();
    const seen = new Set<string>();
    for (let i = 0; i < 4; i++) {
      const world = new World();
      world.entropy = systemEntropy;
      const clone = new Harness(world);
      await revive(clone, frozen);
      await clone.run();
      for (const each of world.log[0]!.split(" ")) seen.add(each);
      await clone.drop();
    }
    expect(seen.size).equal(16);
    expect((await outputsOf(bytecode)).outputs.log).deep.equal((await outputsOf(bytecode)).outputs.log);
  });
});
