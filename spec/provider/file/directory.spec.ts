import { expect } from "chai";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { createServer } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { Worker } from "node:worker_threads";
import { E } from "../../../lib/fp.ts";
import { directoryFiles } from "../../../runtime/provider/file/directory.ts";
import { realDisk, type Disk } from "../../../runtime/provider/file/disk.ts";
import { fileEnd } from "../../../runtime/provider/file/file-end.ts";
import type { FileProvider, OpenMode } from "../../../runtime/provider/file/file-provider.ts";
import { left, leftTag, right } from "../outcome.ts";
import { fileProviderSuite } from "../../../suite/file-provider.ts";

const mode = (wanted: Partial<OpenMode>): OpenMode => ({
  read: false,
  write: false,
  create: false,
  append: false,
  truncate: false,
  ...wanted,
});
const readWrite = mode({ read: true, write: true, create: true });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The descriptors the process holds, by where they lead. */
const descriptors = (): string[] =>
  fs.readdirSync("/proc/self/fd").flatMap((descriptor) => {
    try {
      return [fs.readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      return [];
    }
  });

describe("a directory's files", () => {
  let folder: string;
  let directory: string;
  const providers: FileProvider[] = [];

  const setup = (disk: Disk = realDisk): FileProvider => {
    directory = fs.mkdtempSync(path.join(folder, "data-"));
    const provider = right(directoryFiles({ name: "data", directory, disk }));
    providers.push(provider);
    return provider;
  };

  /** How many descriptors lead below the folder of this test. */
  const held = (): number => descriptors().filter((target) => target.startsWith(folder)).length;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "cryonode-files-"));
  });
  afterEach(() => {
    for (const provider of providers.splice(0)) provider.close();
    expect(held()).to.equal(0);
    fs.rmSync(folder, { recursive: true });
  });

  describe("as every provider's", () => fileProviderSuite({ setup }));

  it("are refused where the directory is none", () => {
    expect(left(directoryFiles({ name: "data", directory: path.join(folder, "no") }))).to.deep.equal({
      tag: "NotFound",
      path: path.join(folder, "no"),
    });
    fs.writeFileSync(path.join(folder, "file"), "");
    const file = directoryFiles({ name: "data", directory: path.join(folder, "file") });
    expect(leftTag(file)).to.equal("NotDirectory");
  });

  it("stay those of the directory when its name is moved", () => {
    const files = setup();
    fs.writeFileSync(path.join(directory, "a"), "x");
    fs.renameSync(directory, `${directory}-moved`);
    expect(right(files.stat("a")).size).to.equal(1);
  });

  it("fault 20: refuse a symbolic link anywhere, by its name", () => {
    const files = setup();
    const outside = fs.mkdtempSync(path.join(folder, "outside-"));
    fs.writeFileSync(path.join(outside, "secret"), "secret");
    fs.mkdirSync(path.join(directory, "in"));
    fs.symlinkSync(outside, path.join(directory, "in/link"));
    fs.symlinkSync(path.join(outside, "secret"), path.join(directory, "end"));
    fs.symlinkSync(path.join(outside, "new"), path.join(directory, "dangling"));
    fs.writeFileSync(path.join(directory, "plain"), "");

    const middle = { tag: "InvalidPath", path: "in/link", reason: `"in/link" is a symbolic link` };
    const calls = [
      () => files.open("in/link/secret", readWrite),
      () => files.stat("in/link/secret"),
      () => files.mkdir("in/link/new"),
      () => files.unlink("in/link/secret"),
      () => files.move("in/link/secret", "in/stolen"),
      () => files.move("plain", "in/link/new"),
      () => files.list("in/link"),
      () => files.watch("in/link/secret", () => {}),
    ];
    for (const call of calls) expect(left<unknown>(call())).to.deep.equal(middle);

    for (const name of ["end", "dangling"]) {
      const ended = { tag: "InvalidPath", path: name, reason: `"${name}" is a symbolic link` };
      expect(left(files.open(name, readWrite))).to.deep.equal(ended);
      expect(left(files.open(name, mode({ write: true, truncate: true })))).to.deep.equal(ended);
      expect(left(files.stat(name))).to.deep.equal(ended);
      expect(left(files.unlink(name))).to.deep.equal(ended);
      expect(left(files.move(name, "x"))).to.deep.equal(ended);
      expect(left(files.move("plain", name))).to.deep.equal(ended);
    }
    expect(right(files.list("")).map((entry) => entry.name)).to.deep.equal(["in", "plain"]);
    expect(fs.readdirSync(outside)).to.deep.equal(["secret"]);
    expect(fs.readFileSync(path.join(outside, "secret"), "utf8")).to.equal("secret");
  });

  it("fault 20: never lead out while a directory is swapped for a link", async () => {
    const files = setup();
    const outside = fs.mkdtempSync(path.join(folder, "outside-"));
    const inside = path.join(directory, "d");
    fs.mkdirSync(inside);
    fs.writeFileSync(path.join(inside, "f"), "inside");
    fs.writeFileSync(path.join(outside, "f"), "OUTSIDE");
    const stop = new Int32Array(new SharedArrayBuffer(8));
    const racer = new Worker(
      `const fs = require("node:fs");
       const { inside, outside, stop } = require("node:worker_threads").workerData;
       fs.symlinkSync(outside, inside + "-link");
       while (Atomics.load(stop, 0) === 0) {
         fs.renameSync(inside, inside + "-held");
         fs.renameSync(inside + "-link", inside);
         Atomics.add(stop, 1, 1);
         fs.renameSync(inside, inside + "-link");
         fs.renameSync(inside + "-held", inside);
       }`,
      { eval: true, workerData: { inside, outside, stop } },
    );
    const ended = new Promise((resolve) => racer.once("exit", resolve));
    const met: Record<string, number> = {};
    const into = new Uint8Array(10);
    while (Atomics.load(stop, 1) < 3000) {
      const file = files.open("d/f", mode({ read: true, write: true }));
      if (E.isLeft(file)) met[file.left.tag] = (met[file.left.tag] ?? 0) + 1;
      else {
        met["inside"] = (met["inside"] ?? 0) + 1;
        expect(new TextDecoder().decode(into.subarray(0, right(file.right.read(0, into))))).to.equal(
          "inside",
        );
        file.right.close();
      }
      // A created file must not appear outside either.
      const made = files.open("d/made", readWrite);
      if (E.isRight(made)) made.right.close();
    }
    Atomics.store(stop, 0, 1);
    await ended;
    expect(Object.keys(met)).to.satisfy((keys: string[]) =>
      keys.every((key) => ["inside", "InvalidPath", "NotFound", "NotDirectory"].includes(key)),
    );
    expect(fs.readdirSync(outside)).to.deep.equal(["f"]);
    expect(held()).to.equal(1);
  });

  it("refuse a FIFO, a socket and a device without waiting for them", async () => {
    const files = setup();
    execFileSync("mkfifo", [path.join(directory, "fifo")]);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path.join(directory, "socket"), resolve));
    for (const name of ["fifo", "socket"]) {
      for (const wanted of [{ read: true }, { write: true }, { read: true, write: true, create: true }])
        expect(left(files.open(name, mode(wanted)))).to.deep.equal({
          tag: "InvalidPath",
          path: name,
          reason: "it is neither a file nor a directory",
        });
      expect(leftTag(files.stat(name))).to.equal("InvalidPath");
    }
    expect(right(files.list(""))).to.deep.equal([]);
    await new Promise((resolve) => server.close(resolve));
    const devices = right(directoryFiles({ name: "dev", directory: "/dev" }));
    expect(leftTag(devices.open("null", readWrite))).to.equal("InvalidPath");
    expect(leftTag(devices.open("full", mode({ write: true })))).to.equal("InvalidPath");
    devices.close();
  });

  it("leave no descriptor behind, whatever fails", () => {
    const files = setup();
    fs.mkdirSync(path.join(directory, "a/b/c"), { recursive: true });
    fs.writeFileSync(path.join(directory, "a/b/f"), "x");
    fs.symlinkSync("..", path.join(directory, "a/link"));
    const before = held();
    for (let i = 0; i < 20; i++)
      for (const name of ["a/b/c", "a/b/f", "a/b/f/x", "a/b/n/x", "a/link/x", "a/link", "a/b/c/new"]) {
        const file = files.open(name, readWrite);
        if (E.isRight(file)) {
          right(file.right.write(bytes("x"), null));
          right(file.right.write(bytes("x"), 0));
          right(file.right.identity(1000));
          file.right.close();
        }
        files.stat(name);
        files.list(name);
        files.mkdir(name);
        files.move(name, "a/b/c");
        const watch = files.watch(name, () => {});
        if (E.isRight(watch)) watch.right();
      }
    expect(held()).to.equal(before);
  });

  it("complete what the system wrote or read only in part", () => {
    const pieces: Disk = {
      ...realDisk,
      writeSync: ((descriptor: number, data: Uint8Array, from: number, length: number, at: number | null) =>
        fs.writeSync(descriptor, data, from, Math.min(3, length), at)) as typeof fs.writeSync,
      readSync: ((descriptor: number, into: Uint8Array, from: number, length: number, at: number) =>
        fs.readSync(descriptor, into, from, Math.min(2, length), at)) as typeof fs.readSync,
    };
    const files = setup(pieces);
    const file = right(files.open("a", readWrite));
    expect(right(file.write(bytes("hello world"), 0))).to.equal(11);
    expect(right(file.write(bytes(", again"), null))).to.equal(18);
    const into = new Uint8Array(20);
    expect(right(file.read(0, into))).to.equal(18);
    expect(new TextDecoder().decode(into.subarray(0, 18))).to.equal("hello world, again");
    file.close();
  });

  it("know their end when others append, cut or replace the content meanwhile", () => {
    const files = setup();
    for (const read of [false, true]) {
      const file = right(
        files.open("a", mode({ read, write: true, create: true, append: true, truncate: true })),
      );
      expect(right(file.write(bytes("one"), null))).to.equal(3);
      expect(right(file.write(bytes("two"), null))).to.equal(6);
      fs.appendFileSync(path.join(directory, "a"), "x");
      expect(right(file.write(bytes("3"), null))).to.equal(8);
      fs.truncateSync(path.join(directory, "a"), 2);
      expect(right(file.write(bytes("4"), null))).to.equal(3);
      expect(right(file.write(bytes(""), null))).to.equal(3);
      expect(fs.readFileSync(path.join(directory, "a"), "utf8")).to.equal("on4");
      expect(right(fileEnd(file))).to.equal(3);
      expect(right(file.write(bytes("five"), 3))).to.equal(7);
      expect(right(fileEnd(file))).to.equal(7);
      fs.appendFileSync(path.join(directory, "a"), "x");
      expect(right(fileEnd(file))).to.equal(8);
      expect(right(file.write(bytes("six"), 9))).to.equal(12);
      expect(right(fileEnd(file))).to.equal(12);
      fs.truncateSync(path.join(directory, "a"), 2);
      expect(right(fileEnd(file))).to.equal(2);
      file.close();
      expect(leftTag(fileEnd(file))).to.equal("Closed");
    }
  });

  it("fault 4: answer every refusal of the system by its kind", () => {
    const refusing = (code: string): Disk => {
      const refuse = (): never => {
        throw Object.assign(new Error(code), { code });
      };
      return {
        ...realDisk,
        writeSync: refuse,
        fdatasyncSync: refuse,
        ftruncateSync: refuse,
        mkdirSync: refuse,
      };
    };
    const kinds: Record<string, string> = {
      ENOSPC: "NoSpace",
      EDQUOT: "NoSpace",
      EFBIG: "NoSpace",
      EACCES: "Denied",
      EPERM: "Denied",
      EROFS: "Denied",
      EIO: "Io",
      EMFILE: "Io",
      EBUSY: "Io",
    };
    for (const [code, tag] of Object.entries(kinds)) {
      const files = setup(refusing(code));
      const file = right(files.open("a", readWrite));
      expect(leftTag(file.write(bytes("x"), 0))).to.equal(tag);
      expect(leftTag(file.sync())).to.equal(tag);
      expect(leftTag(file.truncate(0))).to.equal(tag);
      expect(leftTag(files.mkdir("d"))).to.equal(tag);
      file.close();
    }
    const files = setup(refusing("not an errno"));
    expect(() => files.mkdir("d")).to.throw("not an errno");
  });

  it("answer Denied where the host's user may not", function () {
    if (process.getuid?.() === 0) return; // Nothing is refused to root.
    const files = setup();
    fs.writeFileSync(path.join(directory, "a"), "x", { mode: 0o000 });
    expect(leftTag(files.open("a", mode({ read: true })))).to.equal("Denied");
  });

  it("give an identity without hash where the file may only be written", () => {
    const unreadable: Disk = {
      ...realDisk,
      openSync: ((name: string, flags: number, rights?: number) => {
        if (flags === fs.constants.O_RDONLY) throw Object.assign(new Error("EACCES"), { code: "EACCES" });
        return fs.openSync(name, flags, rights);
      }) as typeof fs.openSync,
    };
    const file = right(setup(unreadable).open("a", mode({ write: true, create: true })));
    expect(right(file.identity(10))).to.include({ size: 0, sha256: null });
    file.close();
  });
});
