// Files that were moved, replaced or removed while a child held them open, by itself or by anybody else: in a world
// that stays as it is, every freeze has a revival, or the freeze says by name why there can be none.
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
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

const POLICIES: readonly FilePolicy[] = ["strict", "rebind", "restore"];

/** Every label leads to one provider. */
const under = (policy: FilePolicy): readonly Route[] => [
  { service: "File_system", to: "data", policy },
  ...OPEN_ROUTES.filter(({ service }) => service !== "File_system"),
];

/** Opens a file, does something with it, and waits for a message; then it says what the handle gives. */
const holder = (deed: string, mode = "{ read: true, write: true }"): Promise<Uint8Array> =>
  program(`
  const log = await env.session(c.Log);
  const gate = await env.session(c.Gate, { label: "line" });
  const files = await env.session(c.FileSystem, { label: "data" });
  const other = await env.session(c.FileSystem, { label: "by another label" });
  const file = await files.open("d/book.txt", ${mode});
  const said = async (what: Promise<unknown>) => log.write(String(await what.catch((error) => error.name)));
  ${deed}
  void other;
  await log.write("ready");
  await gate.receive();
  const { size, modified } = await file.stat();
  await log.write(size + " " + modified);
  await said(file.readText());
  await said(file.write(" four"));
  await said(file.seek(0));
  await said(file.readText());
`);

const BOOK = "one two three";

const listing = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

interface Deed {
  readonly what: string;
  /** What the component does. */
  readonly inside?: string;
  readonly outside?: (data: string) => void;
  /** Where the file is then; null where nobody else can have it. */
  readonly path: string | null;
  readonly left: readonly string[];
}

const DEEDS: readonly Deed[] = [
  {
    what: "moved by itself",
    inside: `await files.move("d/book.txt", "kept.txt");`,
    path: "kept.txt",
    left: ["d", "kept.txt"],
  },
  {
    what: "moved by a session of another label",
    inside: `await other.mkdir("e"); await other.move("d/book.txt", "e/kept.txt");`,
    path: "e/kept.txt",
    left: ["d", "e", "e/kept.txt"],
  },
  {
    what: "moved with its directory",
    inside: `await other.move("d", "e");`,
    path: "e/book.txt",
    left: ["e", "e/book.txt"],
  },
  {
    what: "moved by somebody else",
    outside: (data) => renameSync(join(data, "d/book.txt"), join(data, "kept.txt")),
    path: "kept.txt",
    left: ["d", "kept.txt"],
  },
  {
    what: "moved by somebody else, and another in its place",
    outside(data) {
      renameSync(join(data, "d/book.txt"), join(data, "d/book.txt.1"));
      writeFileSync(join(data, "d/book.txt"), "a new one");
    },
    path: "d/book.txt.1",
    left: ["d", "d/book.txt", "d/book.txt.1"],
  },
  {
    what: "in a directory that became a link to where it is",
    outside(data) {
      renameSync(join(data, "d"), join(data, "e"));
      symlinkSync("e", join(data, "d"));
    },
    path: "e/book.txt",
    left: ["d", "d/book.txt", "e", "e/book.txt"],
  },
  {
    what: "with another name, of which this one was removed and made again",
    outside(data) {
      linkSync(join(data, "d/book.txt"), join(data, "twin"));
      rmSync(join(data, "d/book.txt"));
      linkSync(join(data, "twin"), join(data, "d/book.txt"));
    },
    path: "d/book.txt",
    left: ["d", "d/book.txt", "twin"],
  },
  { what: "removed by itself", inside: `await files.unlink("d/book.txt");`, path: null, left: ["d"] },
  {
    what: "removed by a session of another label, with its directory",
    inside: `await other.unlink("d/book.txt"); await other.unlink("d");`,
    path: null,
    left: [],
  },
  {
    what: "removed by somebody else",
    outside: (data) => rmSync(join(data, "d"), { recursive: true }),
    path: null,
    left: [],
  },
  {
    what: "replaced by itself",
    inside: `const made = await files.open("new", { write: true, create: true });
      await made.write("a new one"); await made.close(); await files.move("new", "d/book.txt");`,
    path: null,
    left: ["d", "d/book.txt"],
  },
  {
    what: "replaced by somebody else",
    outside(data) {
      writeFileSync(join(data, "new"), "a new one");
      renameSync(join(data, "new"), join(data, "d/book.txt"));
    },
    path: null,
    left: ["d", "d/book.txt"],
  },
];

/** A child that has done `inside` and waits; `outside` happened after that. */
const ready = async (
  bytecode: Uint8Array,
  data: string,
  policy: FilePolicy,
  outside: (data: string) => void = () => {},
): Promise<Harness> => {
  mkdirSync(join(data, "d"), { recursive: true });
  writeFileSync(join(data, "d/book.txt"), BOOK);
  const world = new World({ directories: { data }, gates: ["line"], routes: under(policy) });
  const harness = Harness.boot(bytecode, world);
  await harness.run();
  expect(world.log).deep.equal(["ready"]);
  outside(data);
  return harness;
};

const goOn = async (harness: Harness): Promise<readonly string[]> => {
  harness.world.inject("line", "go on");
  await harness.run();
  const { log } = harness.world;
  await harness.drop();
  return log.slice(1);
};

describe("a file that was moved, replaced or removed while it was open", () => {
  for (const { what, inside = "", outside, path, left } of DEEDS)
    it(`fault 29, law 8: ${what}: the handle goes on, under each policy`, async () => {
      const bytecode = await holder(`await file.read(4); ${inside}`);
      for (const policy of POLICIES)
        await inTemporaryFolder(async (data) => {
          const harness = await ready(bytecode, data, policy, outside);
          for (let i = 0; i < 2; i++) {
            const frozen = await harness.freeze();
            expect(listing(data), `${policy}, frozen`).deep.equal(left);
            const revived = await harness.revive(frozen);
            if (E.isLeft(revived)) throw new Error(`${policy}: ${checkpointProse(revived.left)}`);
          }
          const [, ...said] = await goOn(harness);
          expect(said, policy).deep.equal(["two three", "5", "0", "one two three four"]);
          expect(listing(data), `${policy}, at the end`).deep.equal(left);
          const text = (name: string): string => readFileSync(join(data, name), "utf8");
          if (path !== null) expect(text(path)).equal("one two three four");
          else if (left.includes("d/book.txt")) expect(text("d/book.txt")).equal("a new one");
        });
    });

  it("fault 29, law 8: its size and time are those of before, and what it may do as well", () =>
    inTemporaryFolder(async (data) => {
      const bytecode = await holder(
        `await log.write(String((await file.stat()).modified)); await files.unlink("d/book.txt");`,
        "{ write: true }",
      );
      mkdirSync(join(data, "d"));
      writeFileSync(join(data, "d/book.txt"), BOOK);
      // More than an image takes along: but nobody can read it.
      truncateSync(join(data, "d/book.txt"), 1 << 30);
      const world = new World({ directories: { data }, gates: ["line"], routes: under("strict") });
      const harness = Harness.boot(bytecode, world);
      await harness.run();
      await harness.refreeze();
      world.inject("line", "go on");
      await harness.run();
      expect(world.log).deep.equal([
        world.log[0],
        "ready",
        `${1 << 30} ${world.log[0]}`,
        "Denied",
        "5",
        "0",
        "Denied",
      ]);
      await harness.drop();
    }));

  it("fault 29, law 8: one whose other name is not known, or with too much content: the freeze fails by name", async () => {
    const cases: readonly (readonly [string, (data: string) => void, string])[] = [
      [
        "moved out of the provider",
        (data) => renameSync(join(data, "d/book.txt"), join(data, "../outside.txt")),
        "d/book.txt is no longer what it was: it has lost that name, and has another that is not known here",
      ],
      [
        "too large",
        (data) => {
          truncateSync(join(data, "d/book.txt"), (16 << 20) + 1);
          rmSync(join(data, "d/book.txt"));
        },
        `d/book.txt of ${(16 << 20) + 1} bytes exceeds ${16 << 20}`,
      ],
    ];
    const bytecode = await holder("await file.read(4);");
    for (const [what, outside, reason] of cases)
      await inTemporaryFolder(async (folder) => {
        const harness = await ready(bytecode, join(folder, "data"), "strict", outside);
        const failed = await harness.capture();
        if (E.isRight(failed)) throw new Error(`${what}: it was captured`);
        expect(checkpointProse(failed.left)).contain(reason);
        expect(harness.domain.state).equal("running");
        const [, text] = await goOn(harness);
        if (what === "moved out of the provider") expect(text, "it runs on").equal("two three");
      });
  });

  it("law 8: a file of a provider that can't bring it back without a name: the freeze fails by name", async () => {
    const world = new World({
      files: { data: { "d/book.txt": BOOK } },
      gates: ["line"],
      routes: under("strict"),
    });
    Object.assign(world.files.get("data")!, { unnamed: undefined });
    const bytecode = await holder(`await file.read(4); await files.unlink("d/book.txt");`);
    const harness = Harness.boot(bytecode, world);
    await harness.run();
    const failed = await harness.capture();
    expect(E.isLeft(failed) && checkpointProse(failed.left)).contain(
      "it was removed, and its provider can't bring back a file without a name",
    );
    expect(await goOn(harness)).include("one two three four");
  });

  it("fault 29: the content of all files together has a bound, too", async () => {
    const bytecode = await program(`
      const files = await env.session(c.FileSystem, { label: "data" });
      const gate = await env.session(c.Gate, { label: "line" });
      const all = [];
      for (let i = 0; i < 5; i++) all.push(await files.open("big"));
      await gate.receive();
    `);
    await inTemporaryFolder(async (data) => {
      writeFileSync(join(data, "big"), "");
      truncateSync(join(data, "big"), 15 << 20);
      const world = new World({ directories: { data }, gates: ["line"], routes: under("restore") });
      const harness = Harness.boot(bytecode, world);
      await harness.run();
      const failed = await harness.capture();
      expect(E.isLeft(failed) && checkpointProse(failed.left)).contain("the content of its files of");
      truncateSync(join(data, "big"), 10);
      await harness.refreeze();
      await goOn(harness);
    });
  });
});
