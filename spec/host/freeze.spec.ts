// A freeze or a checkpoint that fails, at whatever step, has never been.
import { expect } from "chai";
import { disk } from "../../runtime/image/disk.ts";
import type { FilePower } from "../../runtime/image/file-power.ts";
import { failingPower } from "../image/failing-power.ts";
import { COUNT, COUNTED, COUNTED_LINES, factsOf, onStage, type Stage } from "./stage.ts";

/** The steps of writing an image, in order. What fails after the rename is only a warning. */
const STEPS = ["create", "write", "sync", "close", "rename"] as const;

/** A file power whose operation of this name fails once it is told to. */
const failing = (
  operation: string,
  code: string,
): { readonly images: FilePower; readonly arm: (on: boolean) => void } => {
  let armed = false;
  return {
    images: failingPower(disk, (_n, name) => (armed && name === operation ? code : null)),
    arm: (on) => {
      armed = on;
    },
  };
};

const runsOn = async ({ host, log, read }: Stage): Promise<void> => {
  const child = host.child("counter")!;
  child.go();
  expect(await child.ended).to.deep.equal({ kind: "exited", code: 0 });
  expect(log("counter")).to.deep.equal(COUNTED);
  expect(await read("data/count.txt")).to.equal(COUNTED_LINES);
};

describe("host: a freeze that fails", () => {
  for (const [at, step] of STEPS.entries())
    for (const act of ["freeze", "checkpoint"] as const) {
      const code = at % 2 === 0 ? "ENOSPC" : "EIO";
      const { images, arm } = failing(step, code);
      it(`faults 1 and 4: ${code} at the ${step} of a ${act}: the child goes on unchanged`, () =>
        onStage(
          async (stage) => {
            const child = await stage.start("counter", COUNT);
            await child.until({ log: "count 3" });
            const { free } = stage.host;
            arm(true);
            const facts = await factsOf(child[act]("counter.cryo"));
            arm(false);
            expect(facts).to.deep.include({ tag: "Image" });
            expect((facts as { error: object }).error).to.deep.include({ tag: "Unwritable", step, code });
            expect(stage.host.free).to.deep.equal(free);
            expect(child.ending).to.equal(null);
            await runsOn(stage);
          },
          { images },
        )());
    }

  it("fault 1: after a freeze that failed the next one succeeds", () => {
    const { images, arm } = failing("rename", "EIO");
    return onStage(
      async (stage) => {
        const child = await stage.start("counter", COUNT);
        await child.until({ log: "count 3" });
        arm(true);
        await factsOf(child.freeze("counter.cryo"));
        arm(false);
        await child.freeze("counter.cryo");
        expect(await child.ended).to.deep.equal({ kind: "frozen" });
        await stage.host.revive("counter.cryo");
        await runsOn(stage);
      },
      { images },
    )();
  });

  it("fault 4: an image that stood there is the old one still when its successor can't be written", () => {
    const { images, arm } = failing("sync", "ENOSPC");
    return onStage(
      async (stage) => {
        const child = await stage.start("counter", COUNT);
        await child.until({ log: "count 3" });
        await child.checkpoint("counter.cryo");
        const before = await stage.read("state/counter.cryo");
        arm(true);
        await factsOf(child.checkpoint("counter.cryo"));
        arm(false);
        expect(await stage.read("state/counter.cryo")).to.equal(before);
        await runsOn(stage);
      },
      { images },
    )();
  });

  it("fault 1: what fails after the rename is a warning, and the child is frozen", () => {
    const { images, arm } = failing("syncFolder", "EIO");
    return onStage(
      async (stage) => {
        const warnings: string[] = [];
        stage.host.on("warning", ({ text }) => warnings.push(text));
        const child = await stage.start("counter", COUNT);
        await child.until({ log: "count 3" });
        arm(true);
        await child.freeze("counter.cryo");
        arm(false);
        expect(warnings).to.have.length(1);
        await stage.host.revive("counter.cryo");
        await runsOn(stage);
      },
      { images },
    )();
  });
});

describe("host: freezes at the same time", () => {
  const outcomes = async (both: readonly Promise<unknown>[]): Promise<readonly string[]> => {
    const settled = await Promise.allSettled(both);
    return settled.map((each) => {
      if (each.status === "fulfilled") return "done";
      const { facts } = each.reason as { facts: { error?: { tag: string } } };
      return facts.error?.tag ?? "";
    });
  };

  for (const [first, second] of [
    ["checkpoint", "checkpoint"],
    ["freeze", "checkpoint"],
    ["checkpoint", "freeze"],
    ["freeze", "freeze"],
  ] as const)
    it(
      `fault 5: of a ${first} and a ${second} at once, the second hears that the child is busy`,
      onStage(async (stage) => {
        const child = await stage.start("counter", COUNT);
        await child.until({ log: "count 3" });
        expect(await outcomes([child[first]("a.cryo"), child[second]("b.cryo")])).to.deep.equal([
          "done",
          "Busy",
        ]);
        if (first === "freeze") await stage.host.revive("a.cryo");
        await runsOn(stage);
      }),
    );

  it("fault 5: while the image of a freeze is being written, no other is taken and the child stands still", () => {
    let reached!: () => void;
    let proceed!: () => void;
    const writing = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const goes = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    const images: FilePower = {
      ...disk,
      rename: async (from, to) => {
        reached();
        await goes;
        await disk.rename(from, to);
      },
    };
    return onStage(
      async (stage) => {
        const child = await stage.start("counter", COUNT);
        await child.until({ log: "count 3" });
        const frozen = child.freeze("a.cryo");
        await writing;
        child.go();
        expect(await outcomes([child.freeze("b.cryo"), child.checkpoint("c.cryo")])).to.deep.equal([
          "Busy",
          "Busy",
        ]);
        proceed();
        await frozen;
        expect(stage.log("counter")).to.deep.equal(COUNTED.slice(0, 3));
        await stage.host.revive("a.cryo");
        await runsOn(stage);
      },
      { images },
    )();
  });
});

describe("host: the deadline of a freeze", function () {
  // A loop of forty million rounds, on a machine that may have others to run.
  this.timeout(120_000);

  // Long enough to outlast the deadline many times, and an end in sight.
  const SPIN = `
    await log.write("spinning");
    let n = 0;
    for (let i = 0; i < 40_000_000; i++) n += i & 1;
    await log.write("spun " + n);`;

  it(
    "fault 9: a loop: aborted with the reason and the thread's name, and the child keeps its fate",
    onStage(async ({ host, start, log }) => {
      const child = await start("spinner", `const log = await env.session(Log);${SPIN}`, { turn: "60s" });
      await new Promise<void>((resolve) => host.on("log", ({ text }) => text === "spinning" && resolve()));
      const facts = await factsOf(child.freeze("spinner.cryo", { deadline: 50 }));
      expect(facts).to.deep.equal({
        tag: "Checkpoint",
        error: { tag: "Deadline", deadline: 50, calls: ["the turn of thread main, which has not ended"] },
      });
      expect(await factsOf(host.revive("spinner.cryo"))).to.deep.include({ tag: "Image" });
      expect(await child.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(log("spinner")).to.deep.equal(["spinning", "spun 20000000"]);
    }),
  );

  it(
    "fault 9: a thread's loop goes by the thread's name, and ends by its budget as ever",
    onStage(async ({ host, start }) => {
      const body = `
        const log = await env.session(Log);
        await env.cpu.thread("mill", async (env) => {
          const log = await env.session(Log);
          await log.write("spinning");
          for (;;);
        });`;
      const child = await start("miller", body, { turn: "1200ms" });
      await new Promise<void>((resolve) => host.on("log", ({ text }) => text === "spinning" && resolve()));
      const facts = await factsOf(child.freeze("miller.cryo", { deadline: 50 }));
      expect(JSON.stringify(facts)).to.contain("the turn of thread mill,");
      expect(await child.ended).to.deep.include({ kind: "faulted" });
    }),
  );

  it(
    "fault 11: a child whose RAM quota is used up is frozen and revived all the same",
    onStage(async ({ host, start, log }) => {
      const body = `
        const log = await env.session(Log);
        const kept: Uint8Array[] = [];
        const left = async () => (await env.ram.quota()) - (await env.ram.used());
        while ((await left()) > 200_000) kept.push(new Uint8Array(65536).fill(kept.length + 1));
        // Room inside its memory, so that it need not grow any more.
        kept.length -= 2;
        await env.ram.alloc(await left());
        await log.write("full: " + (await left()));
        const sound = kept.every((each, i) => each.every((byte) => byte === ((i + 1) & 255)));
        await log.write(sound + " " + (kept.length > 20));`;
      const child = await start("glutton", body);
      await child.until({ log: "full: 0" });
      await child.freeze("glutton.cryo");
      const revived = await host.revive("glutton.cryo");
      expect(await revived.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(log("glutton")).to.deep.equal(["full: 0", "true true"]);
    }),
  );
});
