// A file that is no longer what a frozen child's handle knew, under each policy of the route.
import { appendFile, mkdir, rename, rm, symlink, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import type { RouteOptions } from "../../runtime/index.ts";
import { ALL, factsOf, onStage } from "./stage.ts";

const BOOK = "one two three";
const READER = `
  const log = await env.session(Log);
  const files = await env.session(FileSystem, { label: "data" });
  const file = await files.open("book.txt");
  await log.write(new TextDecoder().decode(await file.read(4)));
  await log.write(await file.readText());`;

type Policy = "strict" | "rebind" | "restore";
/** What the handle reads on, or `!` and what the refusal says. */
type Outcome = Readonly<Record<Policy, string>>;

const CHANGES: readonly (readonly [string, (book: string) => Promise<void>, Outcome])[] = [
  [
    "grown",
    (book) => appendFile(book, " four"),
    { strict: "!its size is 18 bytes, was 13", rebind: "two three four", restore: "two three" },
  ],
  [
    "shrunk",
    (book) => truncate(book, 6),
    { strict: "!its size is 6 bytes, was 13", rebind: "tw", restore: "two three" },
  ],
  [
    "replaced at the same size",
    async (book) => {
      await writeFile(`${book}.new`, BOOK.toUpperCase());
      await rename(`${book}.new`, book);
    },
    {
      strict: "!its content differs, at the same size of 13 bytes",
      rebind: "TWO THREE",
      restore: "two three",
    },
  ],
  [
    "only touched",
    (book) => utimes(book, 1, 1),
    { strict: "two three", rebind: "two three", restore: "two three" },
  ],
  [
    "replaced by a copy",
    async (book) => {
      await writeFile(`${book}.new`, BOOK);
      await rename(`${book}.new`, book);
    },
    { strict: "two three", rebind: "two three", restore: "two three" },
  ],
  [
    "deleted",
    (book) => rm(book),
    { strict: "!does not exist", rebind: "!does not exist", restore: "two three" },
  ],
  [
    "replaced by a directory",
    async (book) => {
      await rm(book);
      await mkdir(book);
    },
    { strict: "!is a directory", rebind: "!is a directory", restore: "!is a directory" },
  ],
  [
    "replaced by a symbolic link to its own copy",
    async (book) => {
      await rename(book, `${book}.moved`);
      await symlink("book.txt.moved", book);
    },
    { strict: "!symbolic link", rebind: "!symbolic link", restore: "!symbolic link" },
  ],
];

const under = (policy: Policy): readonly RouteOptions[] => [
  { service: "File_system", policy },
  ...ALL.filter(({ service }) => service !== "File_system"),
];

describe("host: a file that changed while its child was frozen", () => {
  for (const [change, act, outcome] of CHANGES)
    for (const policy of ["strict", "rebind", "restore"] as const)
      it(
        `fault 29: ${change}, ${policy}: ${outcome[policy].startsWith("!") ? "refused, the difference named" : "reads on"}`,
        onStage(async ({ host, start, log, folder, read }) => {
          const book = join(folder, "data", "book.txt");
          await writeFile(book, BOOK);
          const child = await start("reader", READER, { routes: under(policy) });
          await child.until({ log: "one " });
          await child.freeze("reader.cryo");
          await act(book);
          const expected = outcome[policy];
          if (!expected.startsWith("!")) {
            const revived = await host.revive("reader.cryo");
            expect(await revived.ended).to.deep.equal({ kind: "exited", code: 0 });
            expect(log("reader")).to.deep.equal(["one ", expected]);
            if (policy === "restore") expect(await read("data/book.txt")).to.equal(BOOK);
            return;
          }
          const refused = await host.revive("reader.cryo").then(
            () => "",
            (error: Error) => error.message,
          );
          expect(refused).to.contain("book.txt").and.to.contain(expected.slice(1));
          expect(log("reader")).to.deep.equal(["one "]);
          // The image is as it was: once the file is what it was, a retry works.
          await rm(book, { recursive: true, force: true });
          await writeFile(book, BOOK);
          const revived = await host.revive("reader.cryo");
          await revived.ended;
          expect(log("reader")).to.deep.equal(["one ", "two three"]);
        }),
      );

  it(
    "fault 29: restore may only do what the routes allow now",
    onStage(async ({ host, start, folder }) => {
      const book = join(folder, "data", "book.txt");
      await writeFile(book, BOOK);
      const child = await start("reader", READER, { routes: under("restore") });
      await child.until({ log: "one " });
      await child.freeze("reader.cryo");
      await rm(book);
      const routes = under("restore").map((route) =>
        route.service === "File_system" ? { ...route, rights: ["read", "list"] as const } : route,
      );
      const facts = await factsOf(host.revive("reader.cryo", { routes }));
      expect(JSON.stringify(facts)).to.contain('"right":"write"');
    }),
  );

  it(
    "fault 32: of a group, another can't come back: what was restored for this one is put back",
    onStage(async ({ host, start, log, folder, read }) => {
      const waiting = READER.replace(
        "await log.write(await",
        "await env.session(Timer).then((timer) => timer.sleep(300));\nawait log.write(await",
      );
      const at = (name: string): string => join(folder, "data", name);
      for (const name of ["book.txt", "ledger.txt"]) await writeFile(at(name), BOOK);
      const routes = under("restore");
      const reader = await start("reader", waiting, { routes, held: true });
      const other = await start("other", waiting.replace("book.txt", "ledger.txt"), {
        routes: ALL,
        held: true,
      });
      await Promise.all([reader, other].map((child) => child.until({ log: "one " })));
      await host.freeze(["reader", "other"], "both.cryo");
      await writeFile(at("book.txt"), "somebody else's");
      await writeFile(at("ledger.txt"), "refused under strict");
      const facts = await factsOf(host.reviveAll("both.cryo"));
      expect(JSON.stringify(facts)).to.contain("its size is 20 bytes, was 13");
      expect(await read("data/book.txt")).to.equal("somebody else's");
      await writeFile(at("ledger.txt"), BOOK);
      const revived = await host.reviveAll("both.cryo");
      for (const child of revived) await child.ended;
      expect([log("reader"), log("other")]).to.deep.equal([
        ["one ", "two three"],
        ["one ", "two three"],
      ]);
      expect(await read("data/book.txt")).to.equal(BOOK);
    }),
  );

  it(
    "what has changed is told to a component that asks, and in the host's event",
    onStage(async ({ host, start, log, folder }) => {
      const book = join(folder, "data", "book.txt");
      await writeFile(book, BOOK);
      const told = `env.revived(({ reopened }) => void log.write(String(reopened.find(({ kind }) => kind === "file")?.changed)));`;
      const child = await start("reader", READER.replace("const file =", `${told}\n  const file =`), {
        routes: under("rebind"),
      });
      await child.until({ log: "one " });
      await child.freeze("reader.cryo");
      await appendFile(book, " four");
      const event = new Promise<string>((resolve) => {
        host.on("revived", ({ reopened }) => resolve(JSON.stringify(reopened)));
      });
      const revived = await host.revive("reader.cryo");
      // It asks, and so it does not end.
      await revived.until({ log: "two three four" });
      expect(log("reader")).to.have.members(["one ", "its size is 18 bytes, was 13", "two three four"]);
      expect(await event).to.contain('"changed":"its size is 18 bytes, was 13"');
    }),
  );
});
