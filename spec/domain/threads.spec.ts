// Threads of one heap, and how a component with them comes to an end.
import { expect } from "chai";
import { outputsOf } from "./harness.ts";
import { program } from "./program.ts";

const exits = async (body: string, freeze = false): Promise<readonly string[]> => {
  const { outputs } = await outputsOf(await program(body), {}, () => freeze);
  expect(outputs.ending).deep.equal({ kind: "exited", code: 0 });
  return outputs.log;
};

describe("threads", () => {
  it("a thread whose creator was killed still ends, and the component with it", async () => {
    const body = `
      const log = await env.session(c.Log);
      const timer = await env.session(c.Timer);
      const creator = await env.cpu.thread("creator", async (own) => {
        await own.cpu.thread("orphan", async (inner) => {
          const t = await inner.session(c.Timer);
          await t.sleep(20);
          await log.write("orphan done");
        });
        await (await own.session(c.Timer)).sleep(1000);
        await log.write("never");
      });
      await timer.sleep(5);
      await creator.kill();
    `;
    expect(await exits(body)).deep.equal(["orphan done"]);
    expect(await exits(body, true)).deep.equal(["orphan done"]);
  });

  it("a component whose last thread is killed ends", async () => {
    const body = `
      const log = await env.session(c.Log);
      const victim = await env.cpu.thread("victim", async (own) => {
        const t = await own.session(c.Timer);
        for (;;) await t.sleep(1);
      });
      await env.cpu.thread("killer", async (own) => {
        await (await own.session(c.Timer)).sleep(10);
        void victim.kill();
      });
      await log.write("returned");
    `;
    expect(await exits(body)).deep.equal(["returned"]);
    expect(await exits(body, true)).deep.equal(["returned"]);
  });

  it("a thread that a killed one kills, or that kills itself, ends too", async () => {
    const body = `
      let own: any;
      own = await env.cpu.thread("self", async (inner) => {
        await (await inner.session(c.Timer)).sleep(3);
        void own.kill();
        await (await inner.session(c.Timer)).sleep(3);
      });
    `;
    expect(await exits(body)).deep.equal([]);
    expect(await exits(body, true)).deep.equal([]);
  });
});
