// An incarnation that follows a crash notes whom it follows, and has its first checkpoint later. Whatever comes in
// between, nothing is lost and nothing done twice; and what is lost of the journal is told.
import { appendFile, readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { Past } from "../../runtime/durable/journal/past.ts";
import { E } from "../../lib/fp.ts";
import { FrameBuffer, readFrames } from "../../runtime/durable/journal/frame.ts";
import {
  decodeEntry,
  encodeEntry,
  type FollowsRecord,
  type JournalEntry,
} from "../../runtime/durable/journal/journal-record.ts";
import { decodeSuccession, encodeSuccession, MOST_SUCCESSIONS } from "../../runtime/durable/succession.ts";
import { numbered, onJob, run } from "./killed-host.ts";

const LINES = 1000;
const COUNT = `import { component, FileSystem } from "cryonode";
export default component(async (env) => {
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; n <= ${LINES}; n++) await file.write(n + "\\n");
});
`;
const last = "count";
const NOTED = { what: "succession noted", when: "after", nth: 1 } as const;
const ROUTES = { count: [{ service: "File_system" }] };

interface Note {
  readonly file: string;
  /** The bytes of its record, from and to. */
  readonly from: number;
  readonly to: number;
  readonly entry: JournalEntry & { readonly record: FollowsRecord };
}

const filesOf = async (state: string): Promise<readonly string[]> => {
  const folder = join(state, "journal");
  return (await readdir(folder)).sort().map((name) => join(folder, name));
};

const notesOf = async (state: string): Promise<readonly Note[]> => {
  const notes: Note[] = [];
  for (const file of await filesOf(state)) {
    const bytes = await readFile(file);
    readFrames(bytes, (payload) => {
      const to = payload.byteOffset - bytes.byteOffset + payload.length;
      const entry = decodeEntry(payload);
      const { record } = entry ?? {};
      if (entry !== null && record?.kind === "follows")
        notes.push({ file, from: to - payload.length, to, entry: { ...entry, record } });
      return true;
    });
  }
  return notes;
};

/** How many followed one another. */
const longestLine = (notes: readonly Note[]): number => {
  const lengths = new Map<number, number>();
  for (const { entry } of notes) {
    const { incarnation, record } = entry;
    const { former } = record;
    lengths.set(incarnation, (lengths.get(former) ?? 0) + 1);
  }
  return Math.max(0, ...lengths.values());
};

describe("an incarnation that follows without a checkpoint", () => {
  it("law 3: is followed in its turn, again and again, but not for ever", () =>
    onJob({ count: COUNT }, ROUTES, async (job, folder) => {
      await run(job, { last, after: 0 });
      const lengths: number[] = [];
      for (let kills = 0; kills < MOST_SUCCESSIONS + 2; kills++) {
        const { said } = await run(job, { last, after: 0 });
        expect(said).not.match(/failed|Error|faulted|astray/);
        lengths.push(longestLine(await notesOf(job.state)));
      }
      expect(Math.max(...lengths)).at.most(MOST_SUCCESSIONS);
      const { over, said } = await run(job, { last, after: null });
      expect([over, said]).deep.equal([true, said]);
      expect(await readFile(join(folder, "data", "count.txt"), "utf8")).equal(numbered(LINES, String));
    })).timeout(180_000);

  it("fault 3: a note that is not whole is none, and nothing has left because of it", function () {
    return onJob({ count: COUNT }, ROUTES, async (job, folder) => {
      await run(job, { last, after: 0 });
      for (const part of [0.5, 0.99]) {
        const { over: isSlow } = await run(job, { last, after: null, at: NOTED });
        // Running the past again took so long that checkpoints came first.
        if (isSlow) return this.skip();
        const note = (await notesOf(job.state)).at(-1)!;
        await truncate(note.file, note.from + Math.floor((note.to - note.from) * part));
        // As a disk that had made room for more.
        if (part < 1) await appendFile(note.file, Buffer.alloc(64));
      }
      await run(job, { last, after: 0, at: { what: "succession noted", when: "before", nth: 1 } });
      const { over } = await run(job, { last, after: null });
      expect(over).equal(true);
      expect(await readFile(join(folder, "data", "count.txt"), "utf8")).equal(numbered(LINES, String));
    });
  }).timeout(180_000);

  it("law 8: is not brought back where the journal lacks a record that came before it", function () {
    return onJob({ count: COUNT }, ROUTES, async (job) => {
      await run(job, { last, after: 0 });
      const { over: isSlow } = await run(job, { last, after: null, at: NOTED });
      if (isSlow) return this.skip();
      const { file, entry } = (await notesOf(job.state)).at(-1)!;
      const { record } = entry;
      const decoded = decodeSuccession(record.note);
      if (E.isLeft(decoded)) throw new Error(decoded.left);
      const note = encodeSuccession({ ...decoded.right, after: decoded.right.after + 1 })!;
      const frames = new FrameBuffer();
      frames.add(encodeEntry({ ...entry, record: { ...record, note } }));
      await writeFile(file, frames.take());
      const { over, said } = await run(job, { last, after: null });
      expect([over, said]).deep.equal([false, said]);
      expect(said).contain("the journal lacks some of what came before incarnation");
    });
  }).timeout(60_000);
});

describe("the past of a journal", () => {
  it("knows the latest who followed, and takes no half of a record for one", async () => {
    const past = new Past();
    past.add(1, new Uint8Array(3));
    expect([past.latest, past.follower(1), past.following(1, 0)]).deep.equal([0, null, []]);
  });
});
