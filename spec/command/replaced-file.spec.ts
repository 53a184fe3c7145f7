// What a stranger did to open files between a crash of their host and its recovery is noticed.
import { link, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { onHost } from "./on-host.ts";

/** Writes a line to its file whenever it is asked. */
const WRITER = `import * as t from "io-ts";
import { component, FileSystem, Log, method, session } from "cryonode";
const Writer = session("Writer", { write: method({ args: t.tuple([t.string]), result: t.number }) });
export default component(async (env) => {
  const { file: name, removed } = (await env.config()) as { file: string; removed?: boolean };
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open(name, { read: true, write: true, create: true, append: true });
  let lines = 0;
  await file.write("line " + ++lines + "\\n");
  if (removed) await data.unlink(name);
  await env.announce(Writer, () => ({
    write: async (more: string) => {
      await file.write("line " + ++lines + more + "\\n");
      return lines;
    },
  }));
  await log.write("open");
});
`;

const writer = (name: string, more = "", route = ""): string => `  ${name}:
    component: ./writer.ts
    config: { file: ${name}.txt${more} }
    checkpoint: { turns: ${name.endsWith("kept") ? 1 : 1000} }
    routes:
      - { service: LOG }
      - { service: File_system, label: data, to: data${route} }
`;

const HOST = `scenario: files and strangers
hosts:
  here:
    files: { data: { directory: ./data } }
start:
${["same", "same-kept", "other", "other-kept"].map((name) => writer(name)).join("")}${["bound", "bound-kept"]
  .map((name) => writer(name, "", ", policy: rebind"))
  .join("")}${["gone", "gone-kept"].map((name) => writer(name, ", removed: true")).join("")}`;

describe("cryonode up: files that others replaced after a crash", function () {
  this.timeout(60_000);

  it(
    "fault 29: a handle knows its file, and not its name alone, whether a checkpoint or the journal has it",
    onHost(async ({ up, json, child, write, folder }) => {
      await write("writer.ts", WRITER);
      await write("host.yaml", HOST);
      const path = (name: string): string => join(folder, "data", `${name}.txt`);
      const first = up();
      const names = [...HOST.matchAll(/^ {2}([a-z-]+):$/gm)]
        .map(([, name]) => name!)
        .filter((name) => name !== "here");
      for (const name of names) await first.tells({ event: "log", child: name, text: "open" });
      for (const name of names)
        expect((await json("call", name, "Writer.write", '""')).events[0]).to.include({ result: 2 });
      first.signal("SIGKILL");
      await first.ended;

      const content = await readFile(path("other"));
      for (const name of ["other", "other-kept", "bound", "bound-kept"]) {
        const before = await stat(path(name));
        await link(path(name), path(`${name}-saved`));
        await unlink(path(name));
        // The same name, size and content; the same number even, where the file system gives it again.
        await writeFile(path(name), content);
        if (name.startsWith("other")) expect((await stat(path(name))).size).to.equal(before.size);
      }
      const next = up();
      for (const name of ["same", "same-kept", "bound", "bound-kept"])
        await next.tells({ event: "revived", child: name });
      for (const name of ["other", "other-kept"]) {
        const { text } = await next.tells({ event: "warning", child: name });
        expect(text).to.contain(
          `${name}.txt is no longer what it was: it is another file than the one that was open`,
        );
        const shown = await child(name);
        expect(shown).to.include({ state: "frozen" });
        expect(shown["reason"]).to.contain("it is another file");
      }
      for (const name of ["gone", "gone-kept"]) {
        await next.tells({ event: "warning", child: name });
        expect((await child(name))["reason"]).to.match(/does not exist|it was removed while it was open/);
      }
      // Its own again, and it goes on; a stranger's was not touched.
      expect(await readFile(path("other"), "utf8")).to.equal(content.toString());
      for (const name of ["other", "other-kept"]) {
        await rename(path(`${name}-saved`), path(name));
        expect((await json("revive", name)).status).to.equal(0);
      }
      for (const name of ["same", "same-kept", "other", "other-kept", "bound", "bound-kept"]) {
        expect((await json("call", name, "Writer.write", '" more"')).events[0]).to.include({ result: 3 });
        expect(await readFile(path(name), "utf8")).to.equal("line 1\nline 2\nline 3 more\n");
      }
    }),
  );
});
