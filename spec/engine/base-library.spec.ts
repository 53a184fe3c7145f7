// Base memories as files: what was written is read again, what is damaged or of another engine is not taken, and
// where there is none the base is built.
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../runtime/index.ts";
import { sha256 } from "../../runtime/digest.ts";
import { decodeBase, encodeBase } from "../../runtime/engine/base-file.ts";
import { baseFileName, BaseLibrary, BUILT, CURRENT } from "../../runtime/engine/base-library.ts";
import { buildBase, guestLibrary } from "../../runtime/engine/base.ts";
import { loadEngine } from "../../runtime/engine/wasm-module.ts";

describe("engine: base memories in files", () => {
  const engine = loadEngine();
  const library = guestLibrary();
  const base = buildBase(engine, library);
  const origin = { engine: engine.hash, library: sha256(library) };
  const file = encodeBase(base, origin);

  const inFolder = (play: (folder: string) => Promise<void>) => async (): Promise<void> => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-bases-"));
    try {
      await play(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  };

  it("a base is the same once it was written and read", () => {
    const read = decodeBase(file);
    if (E.isLeft(read)) throw new Error(read.left);
    expect(read.right.origin).to.deep.equal(origin);
    const { memory, ...rest } = read.right.base;
    expect(rest).to.deep.equal({ registers: base.registers, anchors: base.anchors, hash: base.hash });
    expect(Buffer.compare(memory, base.memory)).to.equal(0);
  });

  it("fault 16: one with any bit flipped is refused", () => {
    const header = file.indexOf(10, 100);
    const place = fc.oneof(fc.nat(header), fc.integer({ min: header + 1, max: file.length - 1 }));
    fc.assert(
      fc.property(place, fc.nat(7), (at, bit) => {
        const damaged = new Uint8Array(file);
        damaged[at]! ^= 1 << bit;
        return E.isLeft(decodeBase(damaged));
      }),
      { numRuns: 100 },
    );
  });

  it("fault 15: one of any other length is refused", () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), (length) => E.isLeft(decodeBase(file.subarray(0, length)))),
      { numRuns: 100, examples: [[0], [16], [80], [81], [file.length - 1]] },
    );
    expect(E.isLeft(decodeBase(Buffer.concat([file, Buffer.from([0])])))).to.equal(true);
  });

  it(
    "one that came in a container is found once its folder is looked into, and can be handed on",
    inFolder(async (folder) => {
      const giver = new BaseLibrary(engine, { current: base, built: folder, folders: [] });
      const given = giver.file(base.hash)!;
      const other = buildBase(engine, `${library}\nglobalThis.another = 1;`);
      const taker = new BaseLibrary(engine, { current: other, built: folder, folders: [] });
      expect([taker.find(base.hash), taker.file(base.hash)]).to.deep.equal([null, null]);
      const came = join(folder, "came");
      await mkdir(came);
      await writeFile(join(came, baseFileName(base.hash)), given);
      taker.look(came);
      expect(taker.find(base.hash)?.anchors).to.deep.equal(base.anchors);
      expect(Buffer.compare(taker.file(base.hash)!, given)).to.equal(0);
    }),
  );

  it("the build left the base that this code builds", async () => {
    expect((await readFile(join(BUILT, CURRENT), "utf8")).trim()).to.equal(base.hash);
    const written = decodeBase(await readFile(join(BUILT, baseFileName(base.hash))));
    expect(E.isRight(written) ? written.right.origin : null).to.deep.equal(origin);
    expect(new BaseLibrary(engine).current.hash).to.equal(base.hash);
  });

  it(
    "what the build left is taken as it is, and built anew where it is not there, damaged, or of another library",
    inFolder(async (folder) => {
      const other = buildBase(engine, `${library}\nglobalThis.other = 1;`);
      const currentOf = (): string => new BaseLibrary(engine, { built: folder }).current.hash;
      const leave = async (content: Uint8Array): Promise<void> => {
        await writeFile(join(folder, CURRENT), `${other.hash}\n`);
        await writeFile(join(folder, baseFileName(other.hash)), content);
      };
      expect(currentOf(), "nothing there").to.equal(base.hash);
      // It can be told from the base that would be built only because it is not of this library.
      await leave(encodeBase(other, origin));
      expect(currentOf(), "as it was left").to.equal(other.hash);
      await leave(encodeBase(other, { ...origin, library: sha256("another") }));
      expect(currentOf(), "of another library").to.equal(base.hash);
      await leave(encodeBase(other, { ...origin, engine: sha256("another") }));
      expect(currentOf(), "of another engine").to.equal(base.hash);
      await leave(encodeBase(other, origin).subarray(0, -1));
      expect(currentOf(), "damaged").to.equal(base.hash);
      await writeFile(join(folder, CURRENT), "../../../etc/passwd");
      expect(currentOf(), "no hash").to.equal(base.hash);
    }),
  );

  it(
    "an earlier base is found by its hash, and only whole, under its name and for this engine",
    inFolder(async (folder) => {
      const earlier = buildBase(engine, `${library}\nglobalThis.earlier = 1;`);
      const before = { engine: engine.hash, library: sha256("what it was made of then") };
      const path = join(folder, baseFileName(earlier.hash));
      const found = (hash = earlier.hash) => new BaseLibrary(engine, { folders: [folder] }).find(hash);
      expect(found()).to.equal(null);
      await writeFile(path, encodeBase(earlier, before));
      expect(found()?.anchors).to.deep.equal(earlier.anchors);
      expect(Buffer.compare(found()!.memory, earlier.memory)).to.equal(0);
      expect(found()!.memory.buffer).to.be.instanceOf(SharedArrayBuffer);
      for (const hash of [base.hash.replace(/^./, "g"), "", `../${earlier.hash}`, sha256("another")])
        expect(found(hash)).to.equal(null);
      await writeFile(path, encodeBase(earlier, { ...before, engine: sha256("another") }));
      expect(found(), "of another engine").to.equal(null);
      await writeFile(path, encodeBase(base, before));
      expect(found(), "another under its name").to.equal(null);
    }),
  );
});
