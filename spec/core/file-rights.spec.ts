// Rights of a provider and of a route, on every call of a File_system session and of its files: all sets of rights,
// all methods, all ways to open a file. What is refused has no effect.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { File, FileSystem, type OpenMode } from "../../lib/session/file-system.ts";
import { makeFileSystem, type FileSystemObject } from "../../runtime/core/file-system.ts";
import type { FileObject } from "../../runtime/core/file.ts";
import { grantedRights, type FilePolicy } from "../../runtime/core/route.ts";
import type { Answer, Eventually } from "../../runtime/core/service.ts";
import type { FileRight } from "../../runtime/provider/file/file-provider.ts";
import { memoryFiles, type MemoryFiles } from "../../runtime/provider/file/memory.ts";

const ALL: readonly FileRight[] = ["read", "write", "create", "remove", "list"];

const sets: readonly (readonly FileRight[])[] = Array.from({ length: 1 << ALL.length }, (_, bits) =>
  ALL.filter((_right, at) => (bits & (1 << at)) !== 0),
);

const modes: readonly OpenMode[] = Array.from({ length: 1 << 5 }, (_, bits) =>
  Object.fromEntries(
    ["read", "write", "create", "append", "truncate"]
      .filter((_flag, at) => (bits & (1 << at)) !== 0)
      .map((flag) => [flag, true]),
  ),
);

const writes = ({ write, append, truncate }: OpenMode): boolean =>
  write === true || append === true || truncate === true;

/** What opening a file so takes. */
const neededFor = (mode: OpenMode, policy: FilePolicy): readonly FileRight[] => [
  ...(mode.read === true || !writes(mode) || policy === "restore" ? ["read" as const] : []),
  ...(writes(mode) ? ["write" as const] : []),
  ...(mode.create === true ? ["create" as const] : []),
];

interface Call {
  readonly name: string;
  readonly call: (fs: FileSystemObject) => Eventually<unknown>;
  /** Whether these rights suffice. */
  readonly allows: (rights: ReadonlySet<FileRight>) => boolean;
}

const needs =
  (...rights: FileRight[]) =>
  (given: ReadonlySet<FileRight>): boolean =>
    rights.every((right) => given.has(right));
const looks = (given: ReadonlySet<FileRight>): boolean => given.has("read") || given.has("list");

const CALLS: readonly Call[] = [
  { name: "stat", call: (fs) => fs.stat("d/f"), allows: looks },
  { name: "list", call: (fs) => fs.list("d"), allows: needs("list") },
  { name: "mkdir", call: (fs) => fs.mkdir("new"), allows: needs("create") },
  { name: "unlink", call: (fs) => fs.unlink("d/f"), allows: needs("remove") },
  { name: "move", call: (fs) => fs.move("d/f", "g"), allows: needs("remove", "create") },
  { name: "watch", call: (fs) => fs.watch("d/f"), allows: looks },
  { name: "watch", call: (fs) => fs.watch("d"), allows: needs("list") },
  { name: "watch", call: (fs) => fs.watch("", { deep: true }), allows: needs("list") },
];

const contents = (files: MemoryFiles): Readonly<Record<string, string>> =>
  Object.fromEntries([...files.snapshot()].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]));

const CONTENT = { "d/f": "content", other: "x" };

const denied = (answer: Eventually<unknown>): boolean =>
  !(answer instanceof Promise) && E.isLeft(answer) && answer.left.tag === "Denied";

/** A session over a fresh provider with these rights, under a route with those. */
const session = (
  provider: readonly FileRight[],
  route: readonly FileRight[] | undefined,
  policy: FilePolicy = "strict",
): { fs: FileSystemObject; files: MemoryFiles; rights: ReadonlySet<FileRight> } => {
  const files = memoryFiles({ name: "data", content: CONTENT });
  const granted = grantedRights(provider, {
    service: "File_system",
    ...(route === undefined ? {} : { rights: route }),
  });
  const rights = new Set(provider.filter((right) => route === undefined || route.includes(right)));
  expect([...granted].sort()).deep.equal([...rights].sort());
  return { fs: makeFileSystem(files, granted, policy, null), files, rights };
};

describe("rights of files", () => {
  it("every method of the contract is tried here", () => {
    const tried = new Set(["open", ...CALLS.map(({ name }) => name)]);
    expect([...tried].sort()).deep.equal(Object.keys(FileSystem.methods).sort());
  });

  it("are enforced on every call of a session, whoever left them out: the provider or the route", () => {
    for (const provider of sets)
      for (const route of [undefined, ...sets])
        for (const { name, call, allows } of CALLS) {
          const { fs, files, rights } = session(provider, route);
          const answer = call(fs);
          expect(denied(answer), `${name} with ${[...rights].join()}`).equal(!allows(rights));
          if (!denied(answer)) continue;
          expect(contents(files), `${name}, refused`).deep.equal(CONTENT);
          expect(E.isRight(files.stat("d")) && E.isLeft(files.stat("new"))).equal(true);
        }
  }).timeout(60_000);

  for (const policy of ["strict", "restore"] as const)
    it(`are enforced on every opening, ${policy}, and then on every call of the file`, () => {
      for (const rights of sets)
        for (const mode of modes)
          for (const path of ["d/f", "d/new"]) {
            const { fs, files } = session(ALL, rights, policy);
            const opened = fs.open(path, mode) as Answer<FileObject>;
            const lacks = neededFor(mode, policy).filter((right) => !rights.includes(right));
            const what = `${path} ${JSON.stringify(mode)} with ${rights.join()}`;
            if (lacks.length > 0) {
              expect(denied(opened), what).equal(true);
              expect(contents(files), what).deep.equal(CONTENT);
              continue;
            }
            expect(denied(opened), what).equal(false);
            if (E.isLeft(opened)) continue;
            const before = contents(files);
            const file = opened.right;
            const reads = mode.read === true || !writes(mode);
            const calls: Readonly<Record<keyof typeof File.methods, boolean>> = {
              read: denied(file.read(3)),
              readText: denied(file.readText()),
              seek: denied(file.seek(0)),
              stat: denied(file.stat()),
              sync: denied(file.sync()),
              write: denied(file.write("!")),
              truncate: denied(file.truncate(2)),
              close: denied(file.close()),
            };
            expect(calls, what).deep.equal({
              read: !reads,
              readText: !reads,
              seek: false,
              stat: false,
              sync: false,
              write: !writes(mode),
              truncate: !writes(mode),
              close: false,
            });
            if (!writes(mode)) expect(contents(files), what).deep.equal(before);
            void file.life.release?.();
          }
    });

  it("fault 21: are asked for again when a file is opened again, and then enforced on every call of it", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...modes),
        fc.constantFrom(...sets),
        fc.constantFrom<FilePolicy>("strict", "rebind", "restore"),
        fc.constantFrom<"same" | "other" | "gone" | "removed">("same", "other", "gone", "removed"),
        (mode, rights, policy, change) => {
          const { fs, files } = session(ALL, undefined, policy);
          const opened = fs.open("d/f", mode) as Answer<FileObject>;
          if (E.isLeft(opened)) return;
          if (change === "removed") files.unlink("d/f");
          const captured = opened.right.life.capture();
          if (E.isLeft(captured)) throw new Error(captured.left.tag);
          void opened.right.life.release?.();
          if (change === "gone") files.unlink("d/f");
          if (change === "other") files.move("other", "d/f");
          const before = contents(files);
          const { path: _path, ...position } = captured.right;
          const again = makeFileSystem(files, new Set(rights), policy, null);
          const reopened = again.reopen("d/f", mode, position, "this revival");
          const own = neededFor({ ...mode, create: false }, change === "removed" ? "strict" : policy);
          const restores = policy === "restore" && (change === "gone" || change === "other");
          const needed = restores ? [...own, "write" as const, "create" as const] : own;
          const lacks = needed.filter((right) => !rights.includes(right));
          if (lacks.length > 0) expect(E.isLeft(reopened)).equal(true);
          // Nothing is changed before all else has succeeded.
          expect(contents(files)).deep.equal(before);
          if (E.isLeft(reopened)) return;
          const { effect } = reopened.right.life;
          if (effect !== undefined) expect(E.isRight(effect.enact() as Answer<void>)).equal(true);
          expect(denied(reopened.right.read(1))).equal(!(mode.read === true || !writes(mode)));
          expect(denied(reopened.right.write("!"))).equal(!writes(mode));
          expect(denied(reopened.right.truncate(1))).equal(!writes(mode));
          void reopened.right.life.release?.();
        },
      ),
      { numRuns: 3000 },
    );
  });
});
