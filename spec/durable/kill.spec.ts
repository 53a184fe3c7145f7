// Law 3 with real files and a real end: a host that is killed with `kill -9` at any moment, and started again, leaves
// what one that was never killed leaves.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Route } from "../../runtime/core/route.ts";
import type { DurableJob } from "./durable-host.ts";

const HOST = fileURLToPath(new URL("durable-host.js", import.meta.url));

/** Runs the host; kills it so many ms after its child began, null: never. Resolves with whether it came to its end. */
const run = (job: DurableJob, after: number | null, last: string): Promise<{ over: boolean; said: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [HOST, JSON.stringify(job)], { stdio: ["pipe", "pipe", "pipe"] });
    let [said, over] = ["", false];
    let killer: NodeJS.Timeout | null = null;
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      const begun = new RegExp(`"event":"(started|revived)","child":"${last}"`).test(said);
      if (after !== null && begun) killer ??= setTimeout(() => child.kill("SIGKILL"), after);
      // Servers live on; what there is to see is there when the last one has ended.
      over = said.includes(`"event":"exited","child":"${last}"`);
      if (over) child.stdin.end();
    });
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    child.on("close", () => {
      if (killer !== null) clearTimeout(killer);
      resolve({ over, said });
    });
  });

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

const ROUTES: readonly Route[] = [{ service: "LOG" }, { service: "Timer" }, { service: "File_system" }];

/** A job on a folder of its own; `play` runs it. */
const onJob = async (
  components: Readonly<Record<string, string>>,
  routes: Readonly<Record<string, readonly Route[]>>,
  play: (job: DurableJob, folder: string) => Promise<void>,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-kill-"));
  try {
    await mkdir(join(folder, "data"));
    for (const [name, text] of Object.entries(components)) await writeFile(join(folder, `${name}.ts`), text);
    const rights = ["read", "write", "create", "remove", "list"] as const;
    const host = {
      ...{ name: "here", ram: 64 << 20, caps: 1000, gates: {}, roms: {}, trust: [] },
      files: { data: { kind: "directory" as const, path: join(folder, "data"), rights } },
    };
    const children = Object.keys(components).map((name) => ({
      ...{ name, ram: 8 << 20, caps: 100, config: null, turn: 3000, routes: routes[name] ?? ROUTES },
      component: join(folder, `${name}.ts`),
    }));
    await play({ state: join(folder, "state"), host, children }, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Kills the host so often, each time a little after its children began; then lets it come to its end. */
const killOften = async (job: DurableJob, kills: number, last: string): Promise<void> => {
  for (let runs = 0, done = false; !done && runs <= kills + 1; runs++) {
    const { over, said } = await run(job, runs < kills ? (runs * 37) % 100 : null, last);
    expect(said).not.match(/failed|Error|faulted|astray/);
    done = over;
  }
};

const numbered = (count: number, line: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => `${line(n + 1)}\n`).join("");

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
