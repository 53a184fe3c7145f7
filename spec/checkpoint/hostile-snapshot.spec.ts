// Snapshots that were tampered with: whatever an image says, a revival answers with a typed error or with a child.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { checkpointProse } from "../../runtime/checkpoint/checkpoint-error.ts";
import { Harness, quiet, throughImage, type Frozen } from "../domain/harness.ts";
import { World } from "../domain/world.ts";
import { mutated, mutations } from "./mutation.ts";
import { richProgram, richWorld } from "./rich.ts";

describe("hostile snapshots", () => {
  let bytecode: Uint8Array;
  before(async () => {
    bytecode = await richProgram();
  });

  /** A world with what was frozen in it at some point, again and again the same. */
  const frozen = async (point: number): Promise<{ readonly world: World; readonly image: Frozen }> => {
    const world = new World(richWorld);
    const harness = Harness.boot(bytecode, world);
    await harness.run(() => false, point);
    return { world, image: await harness.freeze() };
  };

  it("fault 19: whatever was changed in it, the answer is a typed error or a child that runs", async function () {
    this.timeout(60_000);
    const { world, image } = await frozen(70);
    const snapshot = throughImage(image.snapshot);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(mutations, async (all) => {
        const harness = new Harness(world);
        const { armed } = world.clock;
        const result = await harness.reviveUnknown(image, mutated(snapshot, all));
        if (E.isLeft(result)) {
          refused++;
          expect(checkpointProse(result.left)).a("string").not.equal("");
        } else {
          // Within 20 points nothing is written that would change what the next run finds.
          for (let i = 0; i < 4 && harness.domain.state === "running" && !harness.domain.idle; i++) {
            harness.domain.step();
            await quiet();
          }
          await harness.drop();
        }
        world.ending = null;
        expect(world.clock.armed, "timers left behind").equal(armed);
        const gate = await world.gates.get("line")!.open(null);
        expect(E.isRight(gate), "the gate is free again").equal(true);
        if (E.isRight(gate)) await gate.right.close();
      }),
      { numRuns: 600 },
    );
    expect(refused).greaterThan(100);
  });

  it("fault 19: what does not fit its own memory is malformed", async () => {
    const { world, image } = await frozen(70);
    const { ledger } = image.snapshot;
    const [selector, region] = Object.entries(ledger.capabilities).find(
      ([, record]) => record.kind === "region" && record.held !== null,
    )!;
    const cases: readonly [string, unknown][] = [
      ["a region outside", { ...region, held: { pointer: 2 ** 31, box: 8 } }],
      ["a region of no dataspace", { ...region, dataspace: 99 }],
      ["a file of a region", { kind: "file", session: 17, path: "a.txt", mode: {} }],
    ];
    for (const [what, record] of cases) {
      const capabilities = { ...ledger.capabilities, [selector]: record };
      const harness = new Harness(world);
      const result = await harness.reviveUnknown(image, {
        ...image.snapshot,
        ledger: { ...ledger, capabilities },
      });
      expect(E.isLeft(result) && result.left.tag, what).equal("Malformed");
    }
    const short = await new Harness(world).reviveUnknown(
      { ...image, memory: image.memory.subarray(0, 65536) },
      image.snapshot,
    );
    expect(E.isLeft(short)).equal(true);
  });

  it("fault 31: selectors come back as they were; an order that can't be, or a cycle, is refused cleanly", async () => {
    const { world, image } = await frozen(70);
    const { ledger } = image.snapshot;
    const all = Object.entries(ledger.capabilities);
    const find = (kind: string): [string, (typeof all)[number][1]] =>
      all.find(([, record]) => record.kind === kind)!;
    const [file, fileRecord] = find("file");
    const [region, regionRecord] = find("region");
    const [, sessionRecord] = all.find(
      ([, record]) => record.kind === "session" && record.service === "File_system",
    )!;
    const [, dataspaceRecord] = find("dataspace");
    const cases: readonly Record<string, unknown>[] = [
      { [file]: { ...fileRecord, session: Number(file) } },
      { [file]: { ...fileRecord, session: 900 }, 900: sessionRecord },
      { [region]: { ...regionRecord, dataspace: Number(region) } },
      { [region]: { ...regionRecord, dataspace: 900 }, 900: dataspaceRecord },
    ];
    for (const changes of cases) {
      const capabilities = { ...ledger.capabilities, ...changes };
      const snapshot = { ...image.snapshot, ledger: { ...ledger, capabilities } };
      const result = await new Harness(world).reviveUnknown(image, snapshot);
      expect(E.isLeft(result) && result.left.tag).match(/^(Malformed|Refused)$/);
      expect(world.handles.open).equal(0);
    }
    const harness = new Harness(world);
    expect(E.isRight(await harness.revive(image))).equal(true);
    const selectors = [...harness.domain.capabilities.keys()].filter((selector) => selector >= 16);
    expect(selectors.toSorted((a, b) => a - b)).deep.equal(
      all.map(([selector]) => Number(selector)).sort((a, b) => a - b),
    );
    await harness.drop();
  });
});
