// Components that mean harm, or are just wrong: each falls alone, its reason told, and nobody else notices.
import { expect } from "chai";
import type { HostEvent } from "../../runtime/index.ts";
import { onStage, type Stage } from "./stage.ts";

type Faulted = Extract<HostEvent, { readonly event: "faulted" }>;

/** How long a turn may go without a poll here. */
const SILENCE_MS = 1500;
/** Nominal, for the components that spend their budget. */
const TURN = "100ms";

const OPENING = `
  const log = await env.session(Log);
  await log.write("an earlier turn");
  void log.write("the last turn");`;

/** What it does, the reason it faults with, and where, as line and column after OPENING. */
const HOSTILE: readonly (readonly [string, string, RegExp, RegExp | null])[] = [
  ["an endless loop", "for (;;);", /budget is used up/, /^[78]:\d+$/],
  ["an endless chain of jobs", "for (;;) await null;", /budget is used up/, null],
  ["a loop in a pattern", '/^(a+)+$/.test("a".repeat(40) + "b");', /budget is used up/, /^8:\d+$/],
  ["endless recursion", "const f = (): number => f() + 1;\n  f();", /call stack size exceeded/, /^8:\d+$/],
  ["recursion of a built-in", 'JSON.parse("[".repeat(200000));', /call stack size exceeded/, /^8:\d+$/],
  [
    "a memory bomb",
    "const all: object[] = [];\n  for (;;) all.push(new Array(1000).fill(1));",
    /out of memory/,
    /^9:\d+$/,
  ],
  ["one allocation", "new Uint8Array(2 ** 30);", /out of memory/, /^8:\d+$/],
  [
    "a promise bomb",
    "const all: object[] = [];\n  for (;;) all.push(new Promise(() => {}));",
    /out of memory/,
    null,
  ],
  [
    "a million open requests",
    "for (let i = 0; i < 1e6; i++) void env.session(Log);",
    /out of memory|quota exceeded/,
    null,
  ],
  [
    "a million sleeps",
    "const timer = await env.session(Timer);\n  for (let i = 0; i < 1e6; i++) await Promise.race([timer.sleep(1e6), timer.elapsed()]);",
    /out of memory|quota exceeded|budget is used up/,
    null,
  ],
  [
    "a flood of logs",
    'for (;;) void log.write("x".repeat(1000));',
    /out of memory|quota exceeded|carry more than/,
    null,
  ],
  [
    "a flood of large logs",
    'const text = "x".repeat(1_000_000);\n  for (;;) void log.write(text);',
    /carry more than 67108864 bytes/,
    /^[89]:\d+$/,
  ],
  ["a built-in that never polls", "new Array(2 ** 32 - 2).join();", /stuck in one built-in call/, null],
  [
    "another of them",
    "Array.prototype.reverse.call({ length: 2 ** 53 - 1 });",
    /stuck in one built-in call/,
    null,
  ],
  [
    "a mistake",
    'const order = JSON.parse("null") as { total: number };\n  order.total += 1;',
    /TypeError: cannot read property 'total' of null/,
    /^9:3$/,
  ],
  [
    "a rejection that nobody handles",
    'void Promise.reject(new RangeError("alone"));',
    /RangeError: alone/,
    /^8:\d+$/,
  ],
  ["an error that tells nothing", "throw { toString() { for (;;); } };", /./, null],
];

const sibling = async ({ start }: Stage): Promise<void> => {
  await start(
    "sibling",
    `const log = await env.session(Log);
     const timer = await env.session(Timer);
     for (let n = 1; ; n++) {
       await log.write("tick " + n);
       await timer.sleep(20);
     }`,
  );
};

describe("host: hostile components", () => {
  for (const [what, body, reason, place] of HOSTILE)
    it(`fault 41: ${what}`, () =>
      onStage(
        async (stage) => {
          await sibling(stage);
          const { host, log } = stage;
          let event: Faulted | undefined;
          host.on("faulted", (faulted) => {
            event = faulted;
          });
          const child = await stage.start("hostile", OPENING + "\n  " + body, { turn: TURN });
          const ticks = log("sibling").length;
          const ending = await child.ended;

          expect(ending).to.deep.include({ kind: "faulted" });
          const said = (ending as { reason: string }).reason;
          expect(said).to.match(reason);
          expect(log("hostile").slice(0, 2)).to.deep.equal(["an earlier turn", "the last turn"]);
          expect(log("hostile").at(-1)).to.equal(`fault: ${said}`);
          expect(event).to.deep.include({ child: "hostile" });
          if (place !== null) {
            const [file, ...position] = (event?.at ?? "").split(":");
            expect(file).to.equal("hostile.ts");
            expect(position.join(":")).to.match(place);
            expect(said).to.contain(` (at ${event?.at})`);
          }
          // Its sibling counts on, none left out.
          const next = log("sibling").length + 3;
          await new Promise<void>((resolve) =>
            host.on("log", () => log("sibling").length >= next && resolve()),
          );
          expect(log("sibling")).to.deep.equal(log("sibling").map((_, i) => `tick ${i + 1}`));
          expect(log("sibling").length).to.be.greaterThan(ticks);
        },
        { silence: SILENCE_MS },
      )());

  it(
    "fault 41: a log that never ends is slowed down by its reader, and is no fault",
    onStage(async (stage) => {
      await sibling(stage);
      const child = await stage.start(
        "chatter",
        `const log = await env.session(Log);\n  for (;;) await log.write("x".repeat(10000));`,
      );
      await new Promise<void>((resolve) =>
        stage.host.on(
          "log",
          () => stage.log("chatter").length > 2000 && stage.log("sibling").length > 3 && resolve(),
        ),
      );
      expect(child.ending).to.equal(null);
      await child.kill();
      expect(await child.ended).to.deep.equal({ kind: "killed" });
    }),
  );

  it("fault 41: more log in a turn that hangs than the black box holds: its beginning is kept, the rest counted", () =>
    onStage(
      async ({ start, log }) => {
        const body = `
            const log = await env.session(Log);
            for (let n = 1; n <= 30; n++) void log.write(n + " " + "x".repeat(100_000));
            new Array(2 ** 32 - 2).join();`;
        const child = await start("hostile", body);
        expect(await child.ended).to.deep.include({ kind: "faulted" });
        const kept = log("hostile").filter((text) => /^\d+ x+$/.test(text));
        expect(kept.map((text) => Number.parseInt(text, 10))).to.deep.equal(kept.map((_, i) => i + 1));
        expect(kept.length).to.be.within(5, 29);
        expect(log("hostile")).to.contain(`(${30 - kept.length} more entries of this turn are lost)`);
      },
      { silence: SILENCE_MS },
    )());
});
