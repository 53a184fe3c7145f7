// Law 7 within one process: a freeze or a revival that fails at any step, or at any handle, changes nothing.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { CAPTURE_STEPS, resume } from "../../runtime/checkpoint/capture.ts";
import { REVIVE_STEPS } from "../../runtime/checkpoint/revive.ts";
import { Harness, outputsOf, type Frozen } from "../domain/harness.ts";
import { World, type Outputs } from "../domain/world.ts";
import { richProgram, richWorld } from "./rich.ts";

/** A point at which it holds something of everything. */
const POINT = 70;

describe("law 7: all or nothing", () => {
  let bytecode: Uint8Array;
  let straight: Outputs;
  before(async () => {
    bytecode = await richProgram();
    straight = (await outputsOf(bytecode, richWorld)).outputs;
    expect(straight.ending).deep.equal({ kind: "exited", code: 0 });
  });

  const running = async (): Promise<Harness> => {
    const harness = Harness.boot(bytecode, new World(richWorld));
    await harness.run(() => false, POINT);
    return harness;
  };

  const gateIsFree = async (world: World): Promise<boolean> => {
    const end = await world.gates.get("line")!.open(null);
    if (E.isRight(end)) await end.right.close();
    return E.isRight(end);
  };

  /** Nothing of the child is left: no open file, no timer beyond the script's own, the gate free. */
  const expectReleased = async (world: World): Promise<void> => {
    const script = new World(richWorld).clock.armed;
    expect(world.handles.open, "open files").equal(0);
    expect(world.clock.armed, "timers").most(script);
    expect(await gateIsFree(world), "the gate is free").equal(true);
  };

  const expectSameEnd = async (harness: Harness): Promise<void> => {
    await harness.run();
    expect(harness.world.outputs()).deep.equal(straight);
    await harness.drop();
    await expectReleased(harness.world);
  };

  for (const step of CAPTURE_STEPS)
    it(`fault 1: the freeze fails at "${step}": the child goes on, and a second one works`, async () => {
      const harness = await running();
      const { ledger } = harness.domain;
      const before = harness.domain.ram();
      const failed = await harness.capture({ probe: (at) => (at === step ? "injected" : null) });
      expect(failed).deep.equal(E.left({ tag: "Step", step, reason: "injected" }));
      expect(harness.domain.state).equal("running");
      expect(harness.domain.ledger).equal(ledger);
      expect(harness.domain.ram()).deep.equal(before);
      await harness.advance();
      await harness.refreeze();
      await expectSameEnd(harness);
    });

  it("fault 1: a freeze that is taken back leaves no trace", async () => {
    const harness = await running();
    for (let i = 0; i < 3; i++) {
      expect(E.isRight(await harness.capture())).equal(true);
      resume(harness.domain);
      await harness.advance();
    }
    await expectSameEnd(harness);
  });

  it("fault 1: a child that has taken no turn is frozen and revived", async () => {
    const harness = Harness.unbegun(bytecode, new World(richWorld));
    await harness.refreeze();
    await expectSameEnd(harness);
  });

  for (const step of REVIVE_STEPS)
    it(`fault 32: the revival fails at "${step}": everything is released, and a second one works`, async () => {
      const harness = await running();
      const frozen = await harness.freeze();
      await expectReleased(harness.world);
      const failed = await harness.revive(frozen, { probe: (at) => (at === step ? "injected" : null) });
      expect(failed).deep.equal(E.left({ tag: "Step", step, reason: "injected" }));
      await expectReleased(harness.world);
      expect(E.isRight(await harness.revive(frozen))).equal(true);
      await expectSameEnd(harness);
    });

  it("fault 32: the provider refuses handle k of n: k - 1 are released, and a retry works", async () => {
    const harness = await running();
    const { world } = harness;
    const frozen = await harness.freeze();
    const names = ["a.txt", "b.txt"];
    for (const [k, name] of names.entries()) {
      const opened = world.handles.opened;
      world.refuses = (opening) => opening === opened + 1 + k;
      const failed = await harness.revive(frozen);
      expect(E.isLeft(failed) && failed.left).deep.equal({
        tag: "Refused",
        missing: [{ service: "File", name, error: { tag: "Io", code: "EMFILE", what: name } }],
      });
      await expectReleased(world);
    }
    world.refuses = () => true;
    const all = await harness.revive(frozen);
    expect(
      E.isLeft(all) && all.left.tag === "Refused" && all.left.missing.map(({ name }) => name),
    ).deep.equal(names);
    await expectReleased(world);
    world.refuses = () => false;
    const owner = await world.gates.get("line")!.open(null);
    const busy = await harness.revive(frozen);
    expect(
      E.isLeft(busy) && busy.left.tag === "Refused" && busy.left.missing.map(({ service }) => service),
    ).deep.equal(["Gate"]);
    expect(world.handles.open).equal(0);
    if (E.isRight(owner)) await owner.right.close();
    expect(E.isRight(await harness.revive(frozen))).equal(true);
    await expectSameEnd(harness);
  });

  const refusedBy = async (
    frozen: Frozen,
    harness: Harness,
    quota: { readonly ram: number; readonly caps: number },
  ): Promise<unknown> => {
    const { opened } = harness.world.handles;
    const failed = await harness.revive(frozen, { quota });
    expect(harness.world.handles.opened, "nothing was acquired").equal(opened);
    return E.isLeft(failed) ? { ...failed.left } : null;
  };

  it("fault 33: too little quota is refused before anything is acquired", async () => {
    const harness = await running();
    const { caps } = harness.domain;
    const { used } = caps.call(harness.domain);
    const frozen = await harness.freeze();
    const { quota } = harness.world;
    expect(await refusedBy(frozen, harness, { ...quota, caps: used - 1 })).deep.equal({
      tag: "Quota",
      resource: "caps",
      wanted: used,
      available: used - 1,
    });
    const less = frozen.memory.length;
    expect(await refusedBy(frozen, harness, { ...quota, ram: less })).include({
      tag: "Quota",
      resource: "ram",
    });
    const exact = await harness.revive(frozen, { quota: { ...quota, caps: used } });
    expect(E.isRight(exact)).equal(true);
    await expectSameEnd(harness);
  });
});
