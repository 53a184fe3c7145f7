// Components that want too much: each faults with its reason or is told no, and what it held is given back.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { Harness } from "./harness.ts";
import { program } from "./program.ts";
import { World, type WorldOptions } from "./world.ts";
import { inWorker } from "./in-worker.ts";

const SHORT = { turn: 100 };

/** Why a component faulted; null where it did not. What it held must be free again. */
const faultOf = async (body: string, options: WorldOptions = {}): Promise<string | null> => {
  const world = new World({ gates: ["line"], files: { data: {} }, ...options });
  const harness = Harness.unbegun(await program(body), world);
  await harness.run();
  await harness.drop();
  const gate = await world.gates.get("line")!.open(null);
  expect(E.isRight(gate), "the gate is free again").equal(true);
  expect(world.clock.armed, "timers left behind").equal(0);
  return world.ending?.kind === "faulted" ? world.ending.fault.reason : null;
};

const HOLD = `const line = await env.session(c.Gate, { label: "line" }); setTimeout(() => {}, 1e9);`;

describe("greedy components", () => {
  const faults: readonly [what: string, body: string, reason: RegExp, options?: WorldOptions][] = [
    ["an endless loop", `${HOLD} for (;;);`, /turn's budget/, SHORT],
    [
      "an endless loop with finally",
      `${HOLD} for (;;) { try { for (;;); } finally { continue; } }`,
      /turn's budget/,
      SHORT,
    ],
    [
      "an endless chain of jobs",
      `${HOLD} const again = () => void Promise.resolve().then(again); again();`,
      /turn's budget/,
      SHORT,
    ],
    [
      "a promise bomb",
      `${HOLD} const bomb = () => { void Promise.resolve().then(bomb); void Promise.resolve().then(bomb); }; bomb();`,
      /turn's budget|memory/,
      SHORT,
    ],
    [
      "a memory bomb of arrays",
      `${HOLD} const all = []; for (;;) all.push(new Array(1000).fill(0));`,
      /out of memory/,
    ],
    [
      "a memory bomb of text",
      `${HOLD} let text = "x"; for (;;) text += text + Math.random();`,
      /memory|string too long/i,
    ],
    [
      "a memory bomb of buffers",
      `${HOLD} const all = []; for (;;) all.push(new Uint8Array(100000));`,
      /memory/i,
    ],
    [
      "a hostile regular expression",
      `${HOLD} /^(a+)+$/.test("a".repeat(40) + "b");`,
      /turn's budget|memory/,
      SHORT,
    ],
    [
      "a million requests at once",
      `for (let i = 0; i < 1e6; i++) void env.session(c.Log).catch(() => {});`,
      /calls|memory/,
    ],
    [
      "a million sleeps",
      `const t = await env.session(c.Timer); for (let i = 0; i < 1e6; i++) void t.sleep(1e6);`,
      /calls|memory|budget/,
      { ...SHORT, quota: { ram: 3 << 20, caps: 100 } },
    ],
    [
      "sleeps over many turns",
      `const t = await env.session(c.Timer); for (;;) { for (let i = 0; i < 5000; i++) void t.sleep(1e9); await t.sleep(0); }`,
      /calls|memory/,
      { quota: { ram: 64 << 20, caps: 100 } },
    ],
    [
      "a flood of logs",
      `const log = await env.session(c.Log); for (;;) void log.write("x".repeat(10000));`,
      /calls|memory|budget/,
      { ...SHORT, quota: { ram: 64 << 20, caps: 100 } },
    ],
    [
      "a flood of large writes",
      `const data = await env.session(c.FileSystem, { label: "data" }); const file = await data.open("x", { write: true, create: true }); const b = new Uint8Array(90000); for (;;) void file.write(b);`,
      /calls|memory|budget/,
      { quota: { ram: 64 << 20, caps: 100 } },
    ],
    [
      "a rejection nobody handles",
      `${HOLD} void Promise.reject(new Error("lonely"));`,
      /uncaught Error: lonely/,
    ],
    ["an escaped error that is no error", `${HOLD} throw { toString() { throw 1; } };`, /uncaught/],
    [
      "an error whose message loops",
      `${HOLD} throw Object.defineProperty(new Error(), "message", { get() { for (;;); } });`,
      /./,
      SHORT,
    ],
  ];
  for (const [what, body, reason, options] of faults)
    it(`fault 41: ${what} faults with its reason`, async () => {
      expect(await faultOf(body, options)).match(reason);
    });

  it("fault 41: endless recursion faults in a shard's thread, and deep nesting with it", async function () {
    this.timeout(30_000);
    const bodies = [
      "const deeper = (n) => 1 + deeper(n + 1); deeper(0);",
      `JSON.parse("[".repeat(200000));`,
      "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; JSON.stringify(a);",
      "const p = new Proxy({}, { get: (_, k, r) => r[k] }); p.x;",
      "class A { get x() { return this.x; } } new A().x;",
      "new RegExp('('.repeat(100000));",
    ];
    for (const { outputs } of await inWorker(bodies)) {
      expect(outputs.ending?.kind).equal("faulted");
      if (outputs.ending?.kind === "faulted")
        expect(outputs.ending.fault.reason)
          .match(/stack|recursion|memory|SyntaxError|RangeError/i)
          .not.match(/trapped/);
    }
    const [caught] = await inWorker([
      `const log = await env.session(c.Log); const deeper = (n) => 1 + deeper(n + 1);
       try { deeper(0); } catch (error) { await log.write(error.name); }`,
    ]);
    expect(caught!.outputs.ending).deep.equal({ kind: "exited", code: 0 });
    expect(caught!.outputs.log).deep.equal(["RangeError"]);
  });

  it("fault 41: more than the quota holds is refused, and the child goes on", async () => {
    const world = new World();
    const harness = Harness.boot(
      await program(`
        const log = await env.session(c.Log);
        const used = (await env.pd.ram()).used;
        await env.ram.alloc(1e9).catch((e) => log.write(e.name));
        await env.session(c.Timer, { ram: 1e9 }).catch((e) => log.write(e.name));
        await env.session(c.Timer, { caps: 1000 }).catch((e) => log.write(e.name));
        await log.write(String((await env.pd.ram()).used === used));
        const held = [];
        for (;;) { try { held.push(await env.ram.alloc(10)); } catch (e) { await log.write(e.name + (await env.pd.caps()).used); break; } }
      `),
      world,
    );
    await harness.run();
    expect(world.ending).deep.equal({ kind: "exited", code: 0 });
    expect(world.log).deep.equal([
      "QuotaExceeded",
      "QuotaExceeded",
      "QuotaExceeded",
      "true",
      "QuotaExceeded100",
    ]);
    await harness.drop();
  });

  it("fault 42: absurd arguments are rejected by name, however many mistakes there are", async () => {
    const world = new World({ files: { data: {} }, quota: { ram: 64 << 20, caps: 100 } });
    const harness = Harness.boot(
      await program(`
        const log = await env.session(c.Log);
        const data: any = await env.session(c.FileSystem, { label: "data" });
        const many = Object.fromEntries(Array.from({ length: 50000 }, (_, i) => [i, i]));
        for (const args of [["a", many], ["a", new Uint8Array(60000)], [many], ["\\ud800"], ["a", { write: 1 }], [], ["a", {}, 1], [null], [{ toJSON() { return 1n; } }]])
          try { await data.open(...args); await log.write("opened"); } catch (error) { await log.write(error.name); }
        for (const label of ["\\udfff", "x".repeat(100)])
          await env.session(c.Rom, { label }).catch((error) => log.write(error.name));
        await env.session(c.session("Nobody", {})).catch((error) => log.write(error.name));
      `),
      world,
    );
    await harness.run();
    expect(world.ending).deep.equal({ kind: "exited", code: 0 });
    expect(world.log.slice(-3)).deep.equal(["InvalidArgument", "Denied", "Denied"]);
    expect(world.log.slice(0, -3).every((each) => each === "InvalidArgument" || each === "TypeError")).equal(
      true,
    );
    await harness.drop();
  });
});
