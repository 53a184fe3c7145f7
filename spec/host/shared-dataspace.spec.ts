// Dataspaces that children share: what one writes, the others see; frozen alone, together, one after the other.
import { expect } from "chai";
import type { Child, StartOptions } from "../../runtime/index.ts";
import { ALL, onStage, type Stage } from "./stage.ts";

/** What both sides declare, at the start of a component's function. */
const DECLARED = `
  const t = await import("io-ts");
  const { capability, Dataspace, method, session } = await import("cryonode");
  const Board = session("Board", {
    space: method({ args: t.tuple([]), result: capability(Dataspace) }),
    look: method({ args: t.tuple([t.number, t.number]), result: t.string }),
    take: method({ args: t.tuple([capability(Dataspace)]), result: t.string }),
    free: method({ args: t.tuple([]), result: t.void }),
  });
  const said = async (promise) => promise.then((value) => "got " + value, (error) => error.name + ": " + error.message);
  void [said, Board, capability];
`;

/** Allocates a dataspace, hands it out and attaches it. */
const OWNER = (bytes = 64): string => `${DECLARED}
  const space = await env.ram.alloc(${bytes});
  const region = await env.rm.attach(space);
  region.bytes.set([1, 2, 3]);
  await env.announce(Board, () => ({
    space: async () => space,
    look: async (at, length) => { console.log("look " + region.bytes.subarray(at, at + length).join()); return region.bytes.subarray(at, at + length).join(); },
    take: async (other) => { const mine = await env.rm.attach(other); return mine.bytes.subarray(0, 4).join(); },
    free: async () => env.ram.free(space),
  }));
  console.log("announced");
`;

const TO_OWNER = [...ALL, { service: "Board", to: { child: "owner" } }];

const partner = (stage: Stage, body: string, more: Partial<StartOptions> = {}): Promise<Child> =>
  stage.start(
    "partner",
    `${DECLARED} const timer = await env.session(Timer); void timer; const board = await env.session(Board);\n${body}`,
    { routes: TO_OWNER, ...more },
  );

describe("host: shared dataspaces", () => {
  it(
    "what one child writes, the other sees before the call that it makes next",
    onStage(async (stage) => {
      await stage.start("owner", OWNER());
      const other = await partner(
        stage,
        `const space = await board.space();
         console.log("size " + await space.size());
         const region = await env.rm.attach(space);
         console.log(region.bytes.subarray(0, 4).join());
         region.bytes.set([7, 8], 2);
         console.log(await board.look(0, 5));
         await env.rm.detach(region);
         console.log(region.bytes.length);
         console.log(await said(env.ram.free(space)));
         console.log(await said(board.take(space)));`,
      );
      await other.ended;
      expect(stage.log("partner")).to.deep.equal([
        "size 64",
        "1,2,3,0",
        "1,2,7,8,0",
        "0",
        "Denied: RAM is denied: only the component that allocated a dataspace frees it",
        "got 1,2,7,8",
      ]);
    }),
  );

  it(
    "frozen alone, the other one goes on, and what it wrote meanwhile is there at the revival",
    onStage(async (stage) => {
      const owner = await stage.start("owner", OWNER());
      const other = await partner(
        stage,
        `const region = await env.rm.attach(await board.space());
         console.log("attached");
         for (let i = 1; i <= 20; i++) { region.bytes[10] = i; await timer.sleep(2); }
         console.log("written");
         console.log(await board.look(9, 3));`,
      );
      await other.until({ log: "attached" });
      await owner.freeze("owner.cryo");
      other.go();
      await other.until({ log: "written" });
      other.go();
      await stage.host.revive("owner.cryo");
      await other.ended;
      expect(stage.log("owner").at(-1)).to.equal("look 0,20,0");
      expect(stage.log("partner").at(-1)).to.equal("0,20,0");
    }),
  );
});
