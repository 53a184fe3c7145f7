// What becomes of a handle whose file is no longer what it was when its child comes back: one outcome for each change
// and policy, the same as docs/files.md has them.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { checkpointProse } from "../../runtime/checkpoint/checkpoint-error.ts";
import type { FilePolicy, Route } from "../../runtime/core/route.ts";
import { Harness } from "../domain/harness.ts";
import { program } from "../domain/program.ts";
import { OPEN_ROUTES, World } from "../domain/world.ts";
import { inTemporaryFolder } from "../image/temporary-folder.ts";
import { asNobody } from "./as-nobody.ts";

const BOOK = "one two three";
/** Too large to be hashed at each freeze. */
const LARGE = BOOK.padEnd((1 << 20) + 1, ".");

const under = (policy: FilePolicy): readonly Route[] => [
  { service: "File_system", policy },
  ...OPEN_ROUTES.filter(({ service }) => service !== "File_system"),
];

/** The text that the handle reads on and what `revived` is told, or else `refused`: what the refusal says. */
type Outcome = { readonly reads: string; readonly changed?: string } | { readonly refused: string };

interface Change {
  readonly what: string;
  readonly content?: string;
  readonly act: (book: string, data: string) => void;
  /** Makes it as it was. */
  readonly undo?: (book: string, data: string) => void;
  readonly outcome: Readonly<Record<FilePolicy, Outcome>>;
}

const RESTORED = "its content is that of the image";
const SAME: Outcome = { reads: "two three" };
const BACK: Outcome = { reads: "two three", changed: RESTORED };
const always = (refused: string): Change["outcome"] => ({
  strict: { refused },
  rebind: { refused },
  restore: { refused },
});

const CHANGES: readonly Change[] = [
  {
    what: "grown",
    act: (book) => appendFileSync(book, " four"),
    outcome: {
      strict: { refused: "its size is 18 bytes, was 13" },
      rebind: { reads: "two three four", changed: "its size is 18 bytes, was 13" },
      restore: BACK,
    },
  },
  {
    what: "shrunk",
    act: (book) => truncateSync(book, 6),
    outcome: {
      strict: { refused: "its size is 6 bytes, was 13" },
      rebind: { reads: "tw", changed: "its size is 6 bytes, was 13" },
      restore: BACK,
    },
  },
  {
    what: "of the same size with other content",
    act: (book) => writeFileSync(book, BOOK.toUpperCase()),
    outcome: {
      strict: { refused: "its content differs, at the same size of 13 bytes" },
      rebind: { reads: "TWO THREE", changed: "its content differs, at the same size of 13 bytes" },
      restore: BACK,
    },
  },
  {
    what: "of the same size and time with other content",
    act(book) {
      const time = new Date();
      writeFileSync(book, BOOK.toUpperCase());
      utimesSync(book, time, time);
    },
    outcome: {
      strict: { refused: "its content differs" },
      rebind: { reads: "TWO THREE", changed: "its content differs, at the same size of 13 bytes" },
      restore: BACK,
    },
  },
  {
    what: "only touched",
    act: (book) => utimesSync(book, 1, 1),
    outcome: { strict: SAME, rebind: SAME, restore: SAME },
  },
  {
    what: "replaced by a copy",
    act(book) {
      writeFileSync(`${book}.new`, BOOK);
      renameSync(`${book}.new`, book);
    },
    outcome: { strict: SAME, rebind: SAME, restore: SAME },
  },
  {
    what: "only touched, and larger than what is hashed",
    content: LARGE,
    act: (book) => utimesSync(book, 1, 1),
    undo: () => {},
    outcome: {
      strict: { refused: "its modification time is 1970-01-01T00:00:01.000Z, was 20" },
      rebind: { reads: "two three", changed: "its modification time is 1970-01-01T00:00:01.000Z, was 20" },
      restore: BACK,
    },
  },
  {
    what: "deleted",
    act: (book) => rmSync(book),
    outcome: {
      strict: { refused: "d/book.txt does not exist" },
      rebind: { refused: "d/book.txt does not exist" },
      restore: BACK,
    },
  },
  {
    what: "deleted with its directory",
    act: (_book, data) => rmSync(join(data, "d"), { recursive: true }),
    undo: (_book, data) => mkdirSync(join(data, "d")),
    outcome: always("d does not exist"),
  },
  {
    what: "replaced by a directory",
    act(book) {
      rmSync(book);
      mkdirSync(book);
    },
    outcome: always("d/book.txt is a directory"),
  },
  {
    what: "replaced by a link that leaves the provider",
    act(book, data) {
      writeFileSync(join(data, "../secret"), BOOK);
      rmSync(book);
      symlinkSync("../../secret", book);
    },
    outcome: always('"d/book.txt" is a symbolic link'),
  },
  {
    what: "replaced by a link that leads nowhere",
    act(book) {
      rmSync(book);
      symlinkSync("../../made", book);
    },
    outcome: always('"d/book.txt" is a symbolic link'),
  },
  {
    what: "below a link that leaves the provider",
    act(_book, data) {
      renameSync(join(data, "d"), join(data, "../d"));
      symlinkSync("../d", join(data, "d"));
    },
    undo(_book, data) {
      rmSync(join(data, "d"));
      renameSync(join(data, "../d"), join(data, "d"));
    },
    outcome: always('"d" is a symbolic link'),
  },
  {
    what: "replaced by a FIFO",
    act(book) {
      rmSync(book);
      execFileSync("mkfifo", [book]);
    },
    outcome: always("it is neither a file nor a directory"),
  },
  {
    what: "without the permission to read it",
    act: (book) => chmodSync(book, 0),
    outcome: always("the operating system refused open of d/book.txt (EACCES)"),
  },
  {
    what: "in a directory without the permission to enter it",
    act: (_book, data) => chmodSync(join(data, "d"), 0o600),
    undo: (_book, data) => chmodSync(join(data, "d"), 0o777),
    outcome: always("the operating system refused open of d/book.txt (EACCES)"),
  },
  {
    what: "grown, and without the permission to write it",
    act(book) {
      appendFileSync(book, " four");
      chmodSync(book, 0o444);
    },
    outcome: {
      strict: { refused: "its size is 18 bytes, was 13" },
      rebind: { reads: "two three four", changed: "its size is 18 bytes, was 13" },
      restore: { refused: "the operating system refused open of d/book.txt (EACCES)" },
    },
  },
];

describe("a file that changed while its child was frozen", () => {
  let bytecode: Uint8Array;
  before(async () => {
    bytecode = await program(`
      const log = await env.session(c.Log);
      const gate = await env.session(c.Gate, { label: "line" });
      const files = await env.session(c.FileSystem, { label: "data" });
      const file = await files.open("d/book.txt");
      await file.read(4);
      await log.write("ready");
      await gate.receive();
      await log.write((await file.readText()).slice(0, 20).split(".")[0]!);
      await env.exit(0);
    `);
  });

  const content = (book: string): string | null =>
    existsSync(book) && !existsSync(join(book, ".")) ? readFileSync(book, "utf8") : null;

  for (const { what, content: text = BOOK, act, undo, outcome } of CHANGES)
    for (const policy of ["strict", "rebind", "restore"] as const) {
      const expected = outcome[policy];
      const does = "refused" in expected ? "refused, the difference named" : "reads on";
      const faults = what.includes("link") ? "faults 20 and 29" : "fault 29";
      it(`${faults}: ${what}, ${policy}: ${does}`, () =>
        inTemporaryFolder(async (folder) => {
          chmodSync(folder, 0o755);
          const data = join(folder, "data");
          const book = join(data, "d/book.txt");
          mkdirSync(data);
          mkdirSync(join(data, "d"));
          chmodSync(join(data, "d"), 0o777);
          writeFileSync(book, text);
          chmodSync(book, 0o666);
          const world = new World({ directories: { data }, gates: ["line"], routes: under(policy) });
          const harness = Harness.boot(bytecode, world);
          const end = async (): Promise<readonly string[]> => {
            world.inject("line", "go on");
            await harness.run();
            expect(world.ending).deep.equal({ kind: "exited", code: 0 });
            await harness.drop();
            return world.log.slice(1);
          };
          await harness.run();
          const frozen = await harness.freeze();
          act(book, data);
          const changed = content(book);
          const revived = await asNobody(() => harness.revive(frozen));
          if (!("refused" in expected)) {
            if (E.isLeft(revived)) throw new Error(checkpointProse(revived.left));
            const told = revived.right.reopened.find(({ kind }) => kind === "file")?.changed;
            expect(told?.slice(0, expected.changed?.length)).equal(expected.changed);
            expect(await end()).deep.equal([expected.reads]);
            if (policy === "restore") expect(readFileSync(book, "utf8")).equal(text);
            else expect(content(book)).equal(changed);
            return;
          }
          expect(E.isLeft(revived) && checkpointProse(revived.left)).contain(expected.refused);
          expect(content(book), "nothing was touched").equal(changed);
          expect(existsSync(join(folder, "made"))).equal(false);
          // The image is as good as before.
          if (undo === undefined) rmSync(book, { recursive: true, force: true });
          else undo(book, data);
          if (text === BOOK) {
            writeFileSync(book, text);
            expect(E.isRight(await harness.revive(frozen))).equal(true);
            expect(await end()).deep.equal(["two three"]);
          }
        }));
    }
});
