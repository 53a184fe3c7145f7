// Policy `restore` changes the world, and so it does it last: whatever else fails in a revival, or half-way through
// the restoring itself, the files are as they were found.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import type { Route } from "../../runtime/core/route.ts";
import { sha256 } from "../../runtime/digest.ts";
import type { MemoryFiles } from "../../runtime/provider/file/memory.ts";
import { Harness, type Frozen } from "../domain/harness.ts";
import { program } from "../domain/program.ts";
import { OPEN_ROUTES, World } from "../domain/world.ts";
import { inTemporaryFolder } from "../image/temporary-folder.ts";
import { right } from "../provider/outcome.ts";

const RESTORE: readonly Route[] = [
  { service: "File_system", policy: "restore" },
  ...OPEN_ROUTES.filter(({ service }) => service !== "File_system"),
];

const BEFORE = { a: "content of a", b: "content of b", c: "content of c" };
/** What the world has made of it when the child comes back. */
const AFTER = { b: "b, as somebody else wrote it", c: "content of c" };

const write = (files: MemoryFiles, path: string, text: string): void => {
  const file = right(
    files.open(path, { read: false, write: true, create: true, append: false, truncate: true }),
  );
  right(file.write(Buffer.from(text), 0));
  file.close();
};

const contents = (files: MemoryFiles): Readonly<Record<string, string>> =>
  Object.fromEntries([...files.snapshot()].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]));

describe("restored files", () => {
  let bytecode: Uint8Array;
  before(async () => {
    bytecode = await program(`
      const log = await env.session(c.Log);
      const gate = await env.session(c.Gate, { label: "line" });
      const files = await env.session(c.FileSystem, { label: "data" });
      const [a, b, third] = [await files.open("a"), await files.open("b", { write: true }), await files.open("c")];
      await gate.receive();
      await b.seek(0);
      await b.write("C");
      await log.write(await a.readText() + ", " + await third.readText());
    `);
  });

  /** A frozen child, and the world after `AFTER`. */
  const frozen = async (): Promise<{ harness: Harness; image: Frozen; files: MemoryFiles }> => {
    const world = new World({ files: { data: BEFORE }, gates: ["line"], routes: RESTORE });
    const harness = Harness.boot(bytecode, world);
    await harness.run();
    const image = await harness.freeze();
    const files = world.files.get("data")!;
    right(files.unlink("a"));
    write(files, "b", AFTER.b);
    return { harness, image, files };
  };

  const missing = async (harness: Harness, image: Frozen): Promise<readonly string[]> => {
    const revived = await harness.revive(image);
    if (E.isRight(revived) || revived.left.tag !== "Refused") throw new Error("it was not refused");
    expect(harness.world.handles.open, "open files").equal(0);
    return revived.left.missing.map(({ name, error }) => `${name} ${error.tag}`);
  };

  const works = async (harness: Harness, image: Frozen, files: MemoryFiles): Promise<void> => {
    expect(E.isRight(await harness.revive(image))).equal(true);
    expect(contents(files)).deep.equal(BEFORE);
    harness.world.inject("line", "go on");
    await harness.run();
    expect(harness.world.log).deep.equal(["content of a, content of c"]);
    expect(contents(files)).deep.equal({ ...BEFORE, b: "Content of b" });
    await harness.drop();
  };

  it("fault 32: another handle is refused: none is restored, and a retry restores them all", async () => {
    const { harness, image, files } = await frozen();
    const open = files.open.bind(files);
    files.open = (path, mode) =>
      path === "c" ? E.left({ tag: "Io", code: "EMFILE", what: "c" }) : open(path, mode);
    expect(await missing(harness, image)).deep.equal(["c Io"]);
    expect(contents(files)).deep.equal(AFTER);
    files.open = open;
    await works(harness, image, files);
  });

  for (const step of ["memory", "reissue", "effects"] as const)
    it(`fault 32: the revival fails at "${step}": none is restored, and a retry restores them all`, async () => {
      const { harness, image, files } = await frozen();
      const failed = await harness.revive(image, { probe: (at) => (at === step ? "injected" : null) });
      expect(failed).deep.equal(E.left({ tag: "Step", step, reason: "injected" }));
      expect(contents(files)).deep.equal(AFTER);
      await works(harness, image, files);
    });

  it("fault 32: there is no space for the second: what was written is taken back, and a retry works", async () => {
    const { harness, image, files } = await frozen();
    const open = files.open.bind(files);
    let full = true;
    files.open = (path, mode) => {
      const opened = open(path, mode);
      if (path !== "b" || E.isLeft(opened)) return opened;
      const { right: file } = opened;
      const all = file.write.bind(file);
      file.write = (data, at) => {
        if (!full) return all(data, at);
        // Once, and half of it, as a disk does that has been filled.
        full = false;
        all(data.subarray(0, data.length >> 1), at);
        return E.left({ tag: "NoSpace", path });
      };
      return opened;
    };
    expect(await missing(harness, image)).deep.equal(["b NoSpace"]);
    expect(contents(files)).deep.equal(AFTER);
    files.open = open;
    await works(harness, image, files);
  });

  it("fault 32: what can't be put back is told, too", async () => {
    const { harness, image, files } = await frozen();
    const open = files.open.bind(files);
    files.open = (path, mode) => {
      const opened = open(path, mode);
      if (path === "b" && E.isRight(opened))
        opened.right.write = () => E.left({ tag: "Io", code: "EIO", what: "write of b" });
      return opened;
    };
    expect(await missing(harness, image)).deep.equal(["b Io", "b Io"]);
    expect(contents(files)).not.have.property("a");
  });

  it("fault 32: a file that has become too large for memory is taken aside, and put back", () =>
    inTemporaryFolder(async (data) => {
      const at = (name: string): string => join(data, name);
      for (const [name, text] of Object.entries(BEFORE)) writeFileSync(at(name), text);
      const world = new World({ directories: { data }, gates: ["line"], routes: RESTORE });
      const harness = Harness.boot(bytecode, world);
      await harness.run();
      const image = await harness.freeze();
      const size = (17 << 20) + 3;
      rmSync(at("a"));
      writeFileSync(at("b"), "somebody else's");
      truncateSync(at("b"), size);
      const { ino } = statSync(at("b"));
      writeFileSync(at("c"), "neither");
      const before = sha256(readFileSync(at("b")));
      const refused = await harness.revive(image, {
        probe(step) {
          if (step !== "effects") return null;
          rmSync(at("c"));
          mkdirSync(at("c"));
          return null;
        },
      });
      expect(refused).deep.equal(
        E.left({
          tag: "Refused",
          missing: [{ service: "File", name: "c", error: { tag: "IsDirectory", path: "c" } }],
        }),
      );
      expect(existsSync(at("a"))).equal(false);
      expect(statSync(at("b"))).include({ ino, size });
      expect(sha256(readFileSync(at("b")))).equal(before);
      rmdirSync(at("c"));
      expect(E.isRight(await harness.revive(image))).equal(true);
      for (const [name, text] of Object.entries(BEFORE)) expect(readFileSync(at(name), "utf8")).equal(text);
      expect(statSync(at("b")).ino, "in its place").equal(ino);
      await harness.drop();
    }));
});
