// Freeze, checkpoint, revive, kill, start: what each leaves behind, and how it fails.
import { expect } from "chai";
import { Playhouse, scenarioOf } from "./playhouse.ts";

const COUNTER = `  counter: { component: counter.ts, config: { upTo: 20 }, routes: ROUTES }`;

describe("scenario: the lives of children", () => {
  let house: Playhouse;
  before(async () => {
    house = await Playhouse.open();
  });
  after(() => house.close());

  it("fault 36: an image is used up by its revival, and a clone is asked for", async () => {
    const played = await house.play(
      scenarioOf(
        `${COUNTER}
  twin: { component: counter.ts, later: true, routes: [{ service: LOG }, { service: File_system, policy: rebind }] }`,
        `  - until: { child: counter, log: "count 3" }
  - freeze: { child: counter, image: once.cryo }
  - revive: { image: once.cryo }
  - kill: { child: counter }
  - revive: { image: once.cryo }
  - expect: { error: revive, matches: "/was used up when counter was revived from it/" }
  - revive: { image: once.cryo, as: twin }
  - until: { child: twin, exit: 0 }
  - expect: { log: twin, lines: ["count 4", "...", "count 20"] }`,
      ),
    );
    expect(played.verdict.reason).to.equal("");
    const revived = played.events.flatMap((event) => (event.event === "revived" ? [event] : []));
    expect(revived.map(({ child, generation }) => [child, generation])).to.deep.equal([
      ["counter", 2],
      ["twin", 1],
    ]);
    expect(revived[0]!.reopened).to.deep.include({
      kind: "file",
      provider: "data",
      name: "count.txt",
      position: 6,
    });
  });

  it("a checkpoint lets the child go on, and is there when it was killed", async () => {
    const { verdict } = await house.play(
      scenarioOf(
        `  counter:
    component: counter.ts
    config: { upTo: 20 }
    routes: [{ service: LOG }, { service: File_system, policy: restore }]`,
        `  - until: { child: counter, log: "count 3" }
  - checkpoint: { child: counter, image: three.cryo }
  - until: { child: counter, log: "count 7" }
  - revive: { image: three.cryo }
  - expect: { error: revive, matches: "counter is running already" }
  - kill: { child: counter }
  - freeze: { child: counter, image: dead.cryo }
  - expect: { error: freeze, matches: "there is no child counter" }
  - revive: { image: three.cryo }
  - until: { child: counter, exit: 0 }
  - expect: { log: counter, lines: ["...", "count 7", "count 4", "...", "count 20"] }
  - expect: { file: data/count.txt, lines: ["1", "2", "3", "4", "...", "20"] }`,
      ),
    );
    expect(verdict.reason).to.equal("");
  });

  it("law 4: without a start entry what an image claims is denied by label and right", async () => {
    const { verdict, events } = await house.play(
      scenarioOf(
        COUNTER,
        `  - until: { child: counter, log: "count 3" }
  - freeze: { child: counter, image: orphan.cryo }
  - revive: { image: orphan.cryo, as: nobody }
  - expect: { denied: nobody, service: File_system }
  - expect: { denied: nobody, service: LOG }
  - expect: { error: revive, matches: '/init -> nobody: .*File_system "data" is denied: the right "write" is missing/' }
  - revive: { image: orphan.cryo }
  - until: { child: counter, exit: 0 }`,
      ),
    );
    expect(verdict.reason).to.equal("");
    const denied = events.flatMap((event) => (event.event === "denied" ? [event.reason] : []));
    expect(denied).to.deep.equal([
      "LOG is denied: no start entry grants it",
      'File_system "data" is denied: the right "write" is missing: no start entry grants it',
      'File_system "data" is denied: the right "create" is missing: no start entry grants it',
    ]);
  });

  it("fault 21: rights that the routes no longer give are denied, and visible to expect", async () => {
    const { verdict } = await house.play(
      scenarioOf(
        `${COUNTER}
  reader: { component: counter.ts, later: true, routes: [{ service: LOG }, { service: File_system, rights: [read] }] }`,
        `  - until: { child: counter, log: "count 3" }
  - freeze: { child: counter, image: rights.cryo }
  - revive: { image: rights.cryo, as: reader }
  - expect: { denied: reader, service: File_system }
  - expect: { error: revive, matches: '/the right "write" is missing/' }`,
      ),
    );
    expect(verdict.reason).to.equal("");
  });

  it("several hosts: a child goes on where it is told to, with that host's providers", async () => {
    const routes = `[{ service: LOG }, { service: File_system, policy: rebind }]`;
    const { verdict, events } = await house.play(`scenario: two places
hosts:
  west: { files: { data: { memory: true } } }
  east: { files: { data: { memory: true, content: { count.txt: "1\\n2\\n3\\n" } } } }
start:
  counter: { component: counter.ts, on: west, config: { upTo: 6 }, routes: ${routes} }
  resident: { component: counter.ts, on: east, config: { upTo: 6 }, routes: ${routes}, later: true }
steps:
  - until: { child: counter, log: "count 3" }
  - checkpoint: { child: counter, image: two.cryo }
  - revive: { image: two.cryo, on: east }
  - expect: { error: revive, matches: counter is running already }
  - kill: { child: counter }
  - revive: { image: two.cryo, as: resident }
  - until: { child: resident, exit: 0 }
  - revive: { image: two.cryo }
  - until: { child: counter, exit: 0 }
  - expect: { file: data/count.txt, on: west, lines: ["1", "2", "3", "4", "5", "6"] }
  - expect: { file: data/count.txt, on: east, lines: ["1", "2", "3", "4", "5", "6"] }
`);
    expect(verdict.reason).to.equal("");
    const places = events.flatMap((event) =>
      event.event === "revived" ? [`${event.child} ${event.host}`] : [],
    );
    expect(places).to.deep.equal(["resident east", "counter west"]);
  });

  it("a child that faults has exit code 1, and both hold", async () => {
    await house.write(
      "broken.ts",
      `import { component } from "cryonode";
export default component(async () => {
  throw new TypeError("out of order");
});`,
    );
    const { verdict } = await house.play(
      scenarioOf(
        `  broken: { component: broken.ts, routes: ROUTES }`,
        `  - until: { child: broken, fault: "/out of order.*at broken.ts:3:/" }
  - until: { child: broken, exit: 1 }
  - expect: { fault: broken, matches: "/TypeError: out of order/" }
  - expect: { fault: broken }
  - expect: { exit: broken, code: 1 }
  - expect: { log: broken, lines: ["..."] }`,
      ),
    );
    expect(verdict.reason).to.equal("");
  });
});
