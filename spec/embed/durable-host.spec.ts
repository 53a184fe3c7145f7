// A durable host in this process: what its children do while it takes them down for itself and for others at once.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { DurableHost } from "../../runtime/index.ts";

const COUNTER = `import { component, FileSystem, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; ; n++) {
    await file.write(n + "\\n");
    await log.write("at " + n);
    await timer.sleep(1);
  }
});
`;

const WRITER = `import { component, FileSystem } from "cryonode";
export default component(async (env) => {
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("both.txt", { write: true, create: true, append: true });
  for (let n = 1; ; n++) await file.write(env.label + " " + n + "\\n");
});
`;

const SPEAKER = `import { component, Log } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  for (let n = 1; ; n++) await log.write("said " + n);
});
`;

describe("embedding: a durable host", () => {
  it("law 3: who is killed has made the appends that had their place, and others leave no gap", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-durable-"));
    try {
      await writeFile(join(folder, "writer.ts"), WRITER);
      const entry = {
        component: join(folder, "writer.ts"),
        routes: [{ service: "File_system" }],
      };
      const host = await DurableHost.open({
        state: join(folder, "state"),
        files: { data: { directory: join(folder, "data") } },
        entries: { stays: entry, goes: entry },
      });
      for (let round = 0; round < 60; round++) {
        // At one moment or another.
        await sleep((round * 7) % 30);
        await host.kill("goes");
        await sleep(5);
        await host.start("goes");
      }
      await host.close();
      const lines = (await readFile(join(folder, "data", "both.txt"), "utf8")).split("\n").slice(0, -1);
      expect(lines.filter((line) => !/^init -> (stays|goes) [0-9]+$/.test(line))).deep.equal([]);
      const stayed = lines.filter((line) => line.startsWith("init -> stays"));
      expect(stayed).deep.equal(stayed.map((_, at) => `init -> stays ${at + 1}`));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(120_000);

  it("law 3: who is killed leaves no gap in its log", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-durable-"));
    try {
      await writeFile(join(folder, "speaker.ts"), SPEAKER);
      const speaker = { component: join(folder, "speaker.ts"), routes: [{ service: "LOG" }] };
      // Where others speak, too, entries wait while another thread syncs.
      const entries = { speaker, another: speaker, third: speaker };
      const host = await DurableHost.open({ state: join(folder, "state"), entries });
      for (let round = 0; round < 60; round++) {
        // At one moment or another.
        await sleep((round * 7) % 30);
        await host.kill("speaker");
        await host.start("speaker");
      }
      await host.close();
      const log = await readFile(join(folder, "state", "logs", "speaker.log"), "utf8");
      const lines = log.split("\n").slice(0, -1);
      expect(lines.filter((line) => !/^said [0-9]+$/.test(line))).deep.equal([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(120_000);

  it("fault 5: who stands still for a freeze is not let go by a checkpoint of the host's own", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-durable-"));
    const file = join(folder, "data", "count.txt");
    let entries = 0;
    let heard: () => void = () => {};
    try {
      await writeFile(join(folder, "counter.ts"), COUNTER);
      const host = await DurableHost.open(
        {
          state: join(folder, "state"),
          files: { data: { directory: join(folder, "data") } },
          entries: {
            counter: {
              component: join(folder, "counter.ts"),
              routes: ["LOG", "Timer", "File_system"].map((service) => ({ service })),
              checkpoint: { every: 1 },
            },
          },
        },
        ({ event }) => {
          if (event === "log") entries++;
          heard();
        },
      );
      for (let round = 0; round < 6; round++) {
        const enough = entries + 5;
        await new Promise<void>((resolve) => {
          heard = () => {
            if (entries >= enough) resolve();
          };
        });
        await host.freeze("counter");
        const before = await readFile(file, "utf8");
        // By the strict policy it comes back to the very file that it left.
        await host.revive("counter");
        expect((await readFile(file, "utf8")).startsWith(before)).equal(true);
      }
      await host.close();
      const lines = (await readFile(file, "utf8")).split("\n").slice(0, -1);
      expect(lines).deep.equal(lines.map((_, at) => String(at + 1)));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(120_000);
});
