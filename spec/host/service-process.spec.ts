// A server and its client, frozen in the middle of their calls in one process, come up in another: the session is the
// same, an answer that was not taken is taken, each call runs once.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("make-partners.js", import.meta.url));

const DECLARED = `
import * as t from "io-ts";
import { capability, component, method, session, Timer } from "cryonode";
const Listener = session("Listener", { heard: method({ args: t.tuple([t.string]), result: t.string }) });
const Counter = session("Counter", {
  quick: method({ args: t.tuple([t.number]), result: t.number }),
  slow: method({ args: t.tuple([t.number, capability(Listener)]), result: t.string }),
});
`;

const SERVER = `${DECLARED}
export default component(async (env) => {
  let n = 0;
  const timer = await env.session(Timer);
  let come = () => {};
  const hundred = new Promise((resolve) => { come = resolve; });
  await env.announce(Counter, (_args, { client }) => {
    console.log("session with " + client);
    return {
      quick: async (by) => {
        console.log("quick +" + by);
        if (by === 100) come();
        return (n += by);
      },
      slow: async (by, listener) => {
        console.log("slow begun");
        await timer.sleep(300);
        await hundred;
        n += by;
        return "slow " + n + " " + (await listener.heard("still there?"));
      },
    };
  });
});
`;

// It takes no turn after "asked", so that it is frozen before it has the answer to its first call.
const CLIENT = `${DECLARED}
export default component(async (env) => {
  env.revived(({ generation, reopened }) =>
    console.log("generation " + generation + ", " + reopened.map(({ kind, changed }) => kind + " " + (changed ?? "as it was")).join()));
  const counter = await env.session(Counter);
  const quick = counter.quick(1);
  const slow = counter.slow(10, { heard: async (text) => "heard " + text });
  console.log("asked");
  console.log("quick " + (await quick));
  const after = counter.quick(100);
  console.log(await slow);
  console.log("after " + (await after));
  env.exit(0);
});
`;

describe("host: services between processes", () => {
  for (const order of [
    ["server", "client"],
    ["client", "server"],
  ])
    it(`fault 10: server and client come up in another process, the ${order[0]} first`, async function () {
      this.timeout(120_000);
      const folder = await mkdtemp(join(tmpdir(), "cryonode-partners-"));
      try {
        await writeFile(join(folder, "server.ts"), SERVER);
        await writeFile(join(folder, "client.ts"), CLIENT);
        const call = async (...args: string[]): Promise<readonly string[]> => {
          const { stdout } = await run(process.execPath, [SCRIPT, join(folder, "state"), folder, ...args]);
          return stdout.trim().split("\n");
        };
        const before = await call("freeze");
        expect(before).include.members([
          "client: asked",
          "server: session with client",
          "server: slow begun",
        ]);
        expect(before).not.include("client: quick 1");
        const after = await call("revive", ...order);
        const told = after.filter((line) => line.startsWith("client"));
        // Whether the answer or the signal comes first is a matter of time.
        expect(told).include("client: generation 2, counter as it was");
        expect(told.filter((line) => !line.includes("generation"))).deep.equal([
          "client: quick 1",
          "client: slow 111 heard still there?",
          "client: after 101",
        ]);
        expect(after.filter((line) => line.startsWith("server"))).deep.equal(["server: quick +100"]);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
});
