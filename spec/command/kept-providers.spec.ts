// What lies in the memory of a host while it lives outlives a durable one: files in memory, and reports.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { onHost } from "./on-host.ts";

/** Notes numbers in a file in memory, and reports the last one. */
const NOTER = `import { component, FileSystem, Log, Report, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const report = await env.session(Report, { label: "status" });
  const files = await env.session(FileSystem, { label: "scratch" });
  const seed = await files.open("in/seed.txt");
  await log.write("seed " + (await seed.readText()));
  await seed.close();
  await files.unlink("in/seed.txt");
  const file = await files.open("notes.txt", { write: true, create: true, append: true });
  for (let n = 1; ; n++) {
    await file.write(n + "\\n");
    await report.submit({ n });
    await log.write("noted " + n);
    await timer.sleep(5);
  }
});
`;

/** Says what others find there. */
const READER = `import * as t from "io-ts";
import { component, FileSystem, Log, method, Rom, session } from "cryonode";
const Reader = session("Reader", {
  look: method({ args: t.tuple([]), result: t.strict({ notes: t.string, status: t.string, seeds: t.number, banner: t.string }) }),
});
export default component(async (env) => {
  const log = await env.session(Log);
  const status = await env.session(Rom, { label: "status" });
  const banner = await env.session(Rom, { label: "banner" });
  const files = await env.session(FileSystem, { label: "scratch" });
  await env.announce(Reader, () => ({
    look: async () => {
      const file = await files.open("notes.txt");
      const notes = await file.readText();
      await file.close();
      return { notes, status: await status.text(), seeds: (await files.list("in")).length, banner: await banner.text() };
    },
  }));
  await log.write("ready");
});
`;

const HOST = `scenario: nothing on a disk of its own
hosts:
  here:
    files: { scratch: { memory: true, content: { in/seed.txt: wheat } } }
    roms: { banner: { text: first }, status: { text: none yet } }
    gates: { line: { queue: true } }
start:
  queuing: { component: ./reader.ts, later: true, routes: [{ service: Gate, label: line }] }
  noter:
    component: ./noter.ts
    routes: [{ service: LOG }, { service: Timer }, { service: Report, label: status }, { service: File_system, label: scratch }]
  reader:
    component: ./reader.ts
    routes: [{ service: LOG }, { service: ROM, label: status, report: status }, { service: ROM, label: banner }, { service: File_system, label: scratch }]
`;

const upTo = (last: number): string => Array.from({ length: last }, (_, at) => `${at + 1}\n`).join("");

describe("cryonode up: providers in memory", function () {
  this.timeout(60_000);

  it(
    "law 3: files in memory and reports are there after kill -9, each change once",
    onHost(async ({ up, json, write, folder }) => {
      await write("noter.ts", NOTER);
      await write("reader.ts", READER);
      await write("host.yaml", HOST);
      const look = async (): Promise<{ notes: string; status: string; seeds: number; banner: string }> => {
        const { events, stderr } = await json("call", "reader", "Reader.look", "[]");
        expect(stderr).to.equal("");
        return events[0]!["result"] as Awaited<ReturnType<typeof look>>;
      };
      const first = up();
      // What can't outlive the host is told.
      const { text } = await first.tells({ event: "warning", child: "queuing" });
      expect(text).to.equal(
        "its route to the gate line leads to a queue, whose other end is a program's: nobody has it here",
      );
      await first.tells({ event: "log", child: "noter", text: "seed wheat" });
      await first.tells({ event: "log", child: "reader", text: "ready" });
      let last = 10;
      await first.tells({ event: "log", child: "noter", text: `noted ${last}` });
      first.signal("SIGKILL");
      await first.ended;
      for (const signal of ["SIGTERM", "SIGKILL"] as const) {
        const next = up();
        await next.tells({ event: "revived", child: "reader" });
        const { notes, status, seeds, banner } = await look();
        const count = notes.split("\n").length - 1;
        expect(count).to.be.at.least(last);
        expect(notes).to.equal(upTo(count));
        expect((JSON.parse(status) as { n: number }).n).to.be.at.least(count - 1);
        expect({ seeds, banner }).to.deep.equal({ seeds: 0, banner: "first" });
        last = count + 10;
        await next.tells({ event: "log", child: "noter", text: `noted ${last}` });
        next.signal(signal);
        await next.ended;
      }
      expect(await readFile(join(folder, ".cryonode/files/scratch/notes.txt"), "utf8")).to.match(
        /^1\n2\n3\n/,
      );

      // Frozen, so that nobody reports: what was reported last is what its reader finds, and no news.
      const still = up();
      await still.tells({ event: "revived", child: "noter" });
      expect((await json("freeze", "noter")).status).to.equal(0);
      const before = await look();
      still.signal("SIGKILL");
      await still.ended;
      await write("host.yaml", HOST.replace("text: first", "text: second"));
      const again = up();
      const revived = await again.tells({ event: "revived", child: "reader" });
      const handles = revived["reopened"] as readonly Readonly<Record<string, unknown>>[];
      expect(handles.find(({ provider }) => provider === "status")).not.to.include.keys("changed");
      expect(handles.find(({ provider }) => provider === "banner")).to.include.keys("changed");
      expect(await look()).to.deep.equal({ ...before, banner: "second" });
    }),
  );
});
