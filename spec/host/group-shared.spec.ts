// Fault 8: two children that share a dataspace and a gate, frozen in one cut.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Child, HostOptions } from "../../runtime/index.ts";
import { ALL, onStage, type Stage } from "./stage.ts";

const TIMES = 30;

const DECLARED = `
  const t = await import("io-ts");
  const { capability, Dataspace, method, session } = await import("cryonode");
  const Board = session("Board", { space: method({ args: t.tuple([]), result: capability(Dataspace) }) });
  const timer = await env.session(Timer);
`;

/** Says numbers and hears each said back; both write how far they are to memory that they share. */
const LEFT = `${DECLARED}
  const space = await env.ram.alloc(2);
  const board = await env.rm.attach(space);
  await env.announce(Board, () => ({ space: async () => space }));
  const gate = await env.session(Gate, { label: "near" });
  void (async () => {
    for (let n = 1; n <= ${TIMES}; n++) {
      board.bytes[0] = n;
      await gate.send(String(n));
      await timer.sleep(1);
    }
  })();
  for (let n = 1; n <= ${TIMES}; n++) console.log("back " + (await gate.receive()));
  while (board.bytes[1] < ${TIMES}) await timer.sleep(1);
  console.log("board " + board.bytes.join());
  env.exit(0);`;

const RIGHT = `${DECLARED}
  const desk = await env.session(Board);
  const board = await env.rm.attach(await desk.space());
  const gate = await env.session(Gate, { label: "far" });
  for (let n = 1; n <= ${TIMES}; n++) {
    const text = await gate.receive();
    board.bytes[1] = n;
    console.log("heard " + text + (board.bytes[1] === n ? "" : " lost"));
    await gate.send(text);
  }
  while (board.bytes[0] < ${TIMES}) await timer.sleep(1);
  console.log("board " + board.bytes.join());`;

const TO_LEFT = [...ALL, { service: "Board", to: { child: "left" } }];
const ENTRIES = { left: { routes: ALL }, right: { routes: TO_LEFT } };

const numbered = (what: string, first = 1): readonly string[] =>
  Array.from({ length: TIMES - first + 1 }, (_, i) => `${what} ${first + i}`);

const inFolder = (play: (stage: Stage, options: HostOptions) => Promise<void>) => async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-pair-"));
  const gates: HostOptions = {
    gates: {
      near: { unix: join(folder, "s"), listen: true, peer: "cryonode" },
      far: { unix: join(folder, "s"), peer: "cryonode" },
    },
  };
  try {
    await onStage((stage) => play(stage, gates), gates)();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const begin = async (stage: Stage): Promise<[left: Child, right: Child]> => {
  const left = await stage.start("left", LEFT);
  const right = await stage.start("right", RIGHT, { routes: TO_LEFT });
  await right.until({ log: "heard 10" });
  return [left, right];
};

const both = async (children: readonly Child[]): Promise<void> => {
  for (const { ended } of children) expect(await ended).to.deep.equal({ kind: "exited", code: 0 });
};

describe("host: a dataspace and a gate between children frozen together", () => {
  for (const where of ["here", "elsewhere"])
    it(
      `fault 8: one consistent cut, revived ${where}: each message once, the memory as both left it`,
      inFolder(async (stage, options) => {
        await stage.host.freeze(await begin(stage), "both.cryo");
        const host = where === "here" ? stage.host : await stage.another(options);
        const logs = new Map<string, string[]>();
        if (host !== stage.host)
          host.on("log", ({ child, text }) => logs.set(child, [...(logs.get(child) ?? []), text]));
        await both(await host.reviveAll("both.cryo", { entries: ENTRIES }));
        const log = (child: string): readonly string[] => [...stage.log(child), ...(logs.get(child) ?? [])];
        expect(log("right")).to.deep.equal([...numbered("heard"), `board ${TIMES},${TIMES}`]);
        expect(log("left")).to.deep.equal([...numbered("back"), `board ${TIMES},${TIMES}`]);
      }),
    );

  it(
    "fault 8: a checkpoint of both is one cut, too: what came after it has never been, for either of them",
    inFolder(async (stage) => {
      const children = await begin(stage);
      await stage.host.checkpoint(children, "both.cryo");
      const back = stage.log("left").length;
      children[1].go();
      await children[1].until({ log: "heard 20" });
      await Promise.all(children.map((child) => child.kill()));
      const [before, heard] = ["left", "right"].map((name) => stage.log(name).length);
      await both(await stage.host.reviveAll("both.cryo"));
      expect(stage.log("right").slice(heard)).to.deep.equal([
        ...numbered("heard", 11),
        `board ${TIMES},${TIMES}`,
      ]);
      const again = stage.log("left").slice(before);
      expect(again).to.deep.equal([...numbered("back", TIMES + 2 - again.length), `board ${TIMES},${TIMES}`]);
      expect(TIMES + 2 - again.length).to.be.most(back + 1);
    }),
  );
});
