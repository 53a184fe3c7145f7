// Law 4: an image grants nothing. What the reviving host's routes don't allow is denied, all of it by name, before
// anything was acquired or has run.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import type { Route } from "../../runtime/core/route.ts";
import { Harness, type Frozen } from "../domain/harness.ts";
import { OPEN_ROUTES, World } from "../domain/world.ts";
import { richProgram, richWorld } from "./rich.ts";

const without = (...services: string[]): readonly Route[] =>
  OPEN_ROUTES.filter(({ service }) => !services.includes(service));

describe("law 4: an image grants nothing", () => {
  let harness: Harness;
  let frozen: Frozen;
  before(async () => {
    harness = Harness.boot(await richProgram(), new World(richWorld));
    await harness.run(() => false, 70);
    frozen = await harness.freeze();
  });

  /** What a revival under these routes lacks: service, name and error of each. */
  const missing = async (routes: readonly Route[]): Promise<readonly string[]> => {
    const { world } = harness;
    const { opened } = world.handles;
    const { now } = world.clock;
    const outputs = world.outputs();
    const revived = await harness.revive(frozen, { routes });
    if (E.isRight(revived)) throw new Error("it was revived");
    if (revived.left.tag !== "Refused") throw new Error(revived.left.tag);
    expect(world.handles.opened, "nothing was opened").equal(opened);
    const gate = await world.gates.get("line")!.open(null);
    expect(E.isRight(gate), "the gate has no owner").equal(true);
    if (E.isRight(gate)) await gate.right.close();
    expect([world.clock.now, world.outputs()], "nothing has run").deep.equal([now, outputs]);
    return revived.left.missing.map(({ service, name, error }) =>
      [service, name, error.tag, "right" in error ? error.right : ""].join(" ").trim(),
    );
  };

  it("law 4: a service without a route is missing", async () => {
    expect(await missing(without("Gate"))).deep.equal(["Gate line Denied"]);
    expect(await missing(without("ROM"))).deep.equal(["ROM input Denied"]);
    expect(await missing(without("Timer"))).deep.equal(["Timer  Denied", "Timer  Denied", "Timer  Denied"]);
  });

  it("law 4: a label without a route is missing", async () => {
    const routes = [
      ...without("File_system", "ROM"),
      { service: "File_system", label: "other" },
      { service: "ROM", label: "x" },
    ];
    expect(await missing(routes)).deep.equal(["File_system data Denied", "ROM input Denied"]);
  });

  it("law 4: a provider that is not there is missing", async () => {
    const routes = [...without("File_system"), { service: "File_system", to: "nowhere" }];
    expect(await missing(routes)).deep.equal(["File_system data Denied"]);
  });

  it("law 4: a right that an open file needs is missing, by the file's name", async () => {
    const routes: readonly Route[] = [
      ...without("File_system"),
      { service: "File_system", rights: ["read", "list"] },
    ];
    expect(await missing(routes)).deep.equal(["File a.txt Denied write", "File b.txt Denied write"]);
    const writeOnly: readonly Route[] = [
      ...without("File_system"),
      { service: "File_system", rights: ["write"] },
    ];
    expect(await missing(writeOnly)).deep.equal(["File a.txt Denied read"]);
  });

  it("fault 21: everything that is missing is told at once, whatever the image claims", async () => {
    expect(await missing([])).deep.equal([
      "LOG  Denied",
      "Timer  Denied",
      "File_system data Denied",
      "Gate line Denied",
      "ROM input Denied",
      "Report state Denied",
      "Timer  Denied",
      "Timer  Denied",
    ]);
    const mixed: readonly Route[] = [
      ...without("File_system", "Gate", "Report"),
      { service: "File_system", rights: ["read"] },
      { service: "Gate", rights: ["send"] },
    ];
    expect(await missing(mixed)).include.members([
      "File a.txt Denied write",
      "File b.txt Denied write",
      "Report state Denied",
    ]);
  });

  it("law 4: under its own routes it comes back", async () => {
    expect(E.isRight(await harness.revive(frozen))).equal(true);
    await harness.drop();
  });
});
