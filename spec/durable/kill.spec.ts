// Law 3 with real files and a real end: a host that is killed with `kill -9` at any moment, and started again, leaves
// what one that was never killed leaves.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { killOften, numbered, onJob } from "./killed-host.ts";

const BODY = `import { component, FileSystem, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; n <= 300; n++) {
    await file.write(n + "\\n");
    if (n % 10 === 0) await log.write("count " + n);
    if (n % 50 === 0) await timer.sleep(20);
    if (n % 100 === 0) {
      await data.mkdir("made" + n);
      await data.move("made" + n, "moved" + n);
    }
  }
});
`;

const TALLY = `import * as t from "io-ts";
import { component, method, session, FileSystem } from "cryonode";
export const Tally = session("Tally", { add: method({ args: t.tuple([t.number]), result: t.number }) });
export default component(async (env) => {
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("tally.txt", { write: true, create: true, append: true });
  let n = 0;
  const add = async (by: number): Promise<number> => {
    n += by;
    await file.write(n + "\\n");
    return n;
  };
  await env.announce(Tally, () => ({ add }));
});
`;

const CLIENT = `import * as t from "io-ts";
import { component, method, session, Log } from "cryonode";
const Tally = session("Tally", { add: method({ args: t.tuple([t.number]), result: t.number }) });
export default component(async (env) => {
  const log = await env.session(Log);
  const tally = await env.session(Tally);
  for (let i = 0; i < 120; i++) await log.write("got " + (await tally.add(1)));
});
`;

describe("a durable host", () => {
  it("fault 2: killed at random moments, it leaves what an uninterrupted run leaves", () =>
    onJob({ count: BODY }, {}, async (job, folder) => {
      await killOften(job, 10, "count");
      expect(await readFile(join(folder, "data", "count.txt"), "utf8")).equal(numbered(300, String));
      const log = await readFile(join(job.state, "logs", "count.log"), "utf8");
      expect(log).equal(numbered(30, (n) => `count ${10 * n}`));
    })).timeout(120_000);

  it("law 3: children that call one another are killed together, and each call is made once", () =>
    onJob(
      { tally: TALLY, client: CLIENT },
      { client: [{ service: "LOG" }, { service: "Tally", child: "tally" }] },
      async (job, folder) => {
        await killOften(job, 8, "client");
        expect(await readFile(join(folder, "data", "tally.txt"), "utf8")).equal(numbered(120, String));
        const log = await readFile(join(job.state, "logs", "client.log"), "utf8");
        expect(log).equal(numbered(120, (n) => `got ${n}`));
      },
    )).timeout(120_000);
});
