// Directory and memory are one interface: whatever is done, both answer the same.

import { expect } from "chai";
import * as fc from "fast-check";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { directoryFiles } from "../../../runtime/provider/file/directory.ts";
import type { FileProvider, OpenFile } from "../../../runtime/provider/file/file-provider.ts";
import { memoryFiles } from "../../../runtime/provider/file/memory.ts";
import { right } from "../outcome.ts";

/** One act on a provider and the files it has open; its answer is comparable. */
type Act = (files: FileProvider, open: OpenFile[]) => unknown;

const answer = <T>(
  result: Either<SessionError, T>,
  shown: (value: T) => unknown = (value) => value,
): unknown => (E.isLeft(result) ? result.left : shown(result.right));

const anyPath = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("a", "b", "c", "a/a", "a/b", "b/a", "a/b/c", "b/a/c/d") },
  { weight: 1, arbitrary: fc.constantFrom("", ".", "/a", "a/../b", "a//b") },
);
const anyMode = fc.record({
  read: fc.boolean(),
  write: fc.boolean(),
  create: fc.boolean(),
  append: fc.boolean(),
  truncate: fc.boolean(),
});
const anyOffset = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constant(-1));
const anyIndex = fc.nat(5);

/** An act on some open file, if there is one. */
const onFile =
  (index: number, act: (file: OpenFile) => unknown): Act =>
  (_files, open) =>
    open.length === 0 ? "none" : act(open[index % open.length] as OpenFile);

const named = (text: string, act: Act): Act => Object.assign(act, { [fc.toStringMethod]: () => text });

const act: fc.Arbitrary<Act> = fc.oneof(
  fc
    .tuple(anyPath, anyMode)
    .map(([at, mode]) =>
      named(`open ${at} ${JSON.stringify(mode)}`, (files, open) =>
        answer(files.open(at, mode), (file) => open.push(file)),
      ),
    ),
  fc
    .tuple(anyPath)
    .map(([at]) =>
      named(`stat ${at}`, (files) => answer(files.stat(at), ({ kind, size }) => ({ kind, size }))),
    ),
  fc
    .tuple(anyPath)
    .map(([at]) =>
      named(`list ${at}`, (files) =>
        answer(files.list(at), (entries) => entries.map(({ name, kind, size }) => ({ name, kind, size }))),
      ),
    ),
  fc.tuple(anyIndex).map(([index]) =>
    named(
      `path ${index}`,
      onFile(index, (file) => answer(file.path())),
    ),
  ),
  fc
    .tuple(fc.nat(300))
    .map(([size]) =>
      named(`unnamed of ${size}`, (files, open) =>
        answer(files.unnamed!("none", size), (file) => open.push(file)),
      ),
    ),
  fc.tuple(anyPath).map(([at]) => named(`mkdir ${at}`, (files) => answer(files.mkdir(at)))),
  fc.tuple(anyPath).map(([at]) => named(`unlink ${at}`, (files) => answer(files.unlink(at)))),
  fc
    .tuple(anyPath, anyPath)
    .map(([from, to]) => named(`move ${from} ${to}`, (files) => answer(files.move(from, to)))),
  fc.tuple(anyPath).map(([at]) =>
    named(`watch ${at}`, (files) =>
      answer(
        files.watch(at, () => {}),
        (stop) => stop(),
      ),
    ),
  ),
  fc.tuple(anyIndex, fc.uint8Array({ maxLength: 200 }), fc.option(anyOffset)).map(([index, data, offset]) =>
    named(
      `write ${index} ${data.length} at ${offset}`,
      onFile(index, (file) => answer(file.write(data, offset))),
    ),
  ),
  fc.tuple(anyIndex, anyOffset, fc.nat(200)).map(([index, offset, length]) =>
    named(
      `read ${index} ${length} at ${offset}`,
      onFile(index, (file) => {
        const into = new Uint8Array(length);
        return answer(file.read(offset, into), (n) => Buffer.from(into.subarray(0, n)).toString("hex"));
      }),
    ),
  ),
  fc.tuple(anyIndex, anyOffset).map(([index, size]) =>
    named(
      `truncate ${index} ${size}`,
      onFile(index, (file) => answer(file.truncate(size))),
    ),
  ),
  fc.tuple(anyIndex, fc.nat(300)).map(([index, hashUpTo]) =>
    named(
      `identity ${index} ${hashUpTo}`,
      onFile(index, (file) => answer(file.identity(hashUpTo), ({ size, sha256 }) => ({ size, sha256 }))),
    ),
  ),
  fc.tuple(anyIndex).map(([index]) =>
    named(
      `close ${index}`,
      onFile(index, (file) => file.close()),
    ),
  ),
);

const create = { read: true, write: true, create: true, append: false, truncate: false };

/** What both begin with: without it most sequences meet nothing but what is not there. */
const prelude: readonly Act[] = [
  (files) => ["a", "a/b", "b", "b/a", "b/a/c"].map((at) => answer(files.mkdir(at))),
  (files, open) =>
    ["c", "a/a", "a/b/c"].map((at) => answer(files.open(at, create), (file) => open.push(file))),
  (_files, open) => open.map((file) => answer(file.write(new Uint8Array(100).fill(7), 0))),
];

describe("file providers", () => {
  it("agree on every sequence of calls", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cryonode-agreement-"));
    try {
      fc.assert(
        fc.property(fc.array(act, { minLength: 10, maxLength: 60 }), (acts) => {
          const directory = fs.mkdtempSync(path.join(folder, "data-"));
          const real = right(directoryFiles({ name: "data", directory }));
          const memory = memoryFiles({ name: "data" });
          const [realOpen, memoryOpen]: [OpenFile[], OpenFile[]] = [[], []];
          try {
            for (const step of [...prelude, ...acts])
              expect(step(real, realOpen)).to.deep.equal(step(memory, memoryOpen));
            for (const [at, content] of memory.snapshot())
              expect(fs.readFileSync(path.join(directory, at))).to.deep.equal(Buffer.from(content));
          } finally {
            for (const file of realOpen) file.close();
            real.close();
          }
        }),
        { numRuns: 300 },
      );
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
