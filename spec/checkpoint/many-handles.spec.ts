// Many handles, acquired in any order, some closed in between: each comes back at its selector, or none at all.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { Harness } from "../domain/harness.ts";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";

/** An act on the list of sessions or handles: what, and on which. */
type Act = readonly ["session" | "open" | "close" | "read" | "end", number];

const acts = fc.array(
  fc.tuple(
    fc.constantFrom(
      "open" as const,
      "open" as const,
      "open" as const,
      "session" as const,
      "close" as const,
      "read" as const,
      "end" as const,
    ),
    fc.nat(30),
  ),
  { minLength: 4, maxLength: 30 },
);

const NAMES = Array.from({ length: 9 }, (_, at) => `file ${at}`);
const FILES = Object.fromEntries(NAMES.map((name) => [name, `${name}: ${"abc".repeat(5)}`]));

describe("many handles", () => {
  let bytecode: Uint8Array;
  before(async () => {
    bytecode = await program(`
      const acts: [string, number][] = await env.config();
      const log = await env.session(c.Log);
      const gate = await env.session(c.Gate, { label: "line" });
      const open = () => env.session(c.FileSystem, { label: "data" });
      const sessions = [{ fs: await open(), files: [] as any[] }];
      let files: any[] = [];
      for (const [what, n] of acts) {
        const session = sessions[n % sessions.length]!;
        const file = files[n % (files.length || 1)];
        if (what === "session") sessions.push({ fs: await open(), files: [] });
        if (what === "open") { const made = await session.fs.open("file " + n % 9); files.push(made); session.files.push(made); }
        if (what === "close" && file) { await file.close(); files = files.filter((each) => each !== file); }
        if (what === "read" && file) await file.read(n % 7);
        if (what === "end" && sessions.length > 1) {
          sessions.splice(sessions.indexOf(session), 1);
          files = files.filter((each) => !session.files.includes(each));
          await session.fs.close();
        }
      }
      await log.write("ready");
      await gate.receive();
      for (const file of files) await log.write(await file.readText());
      for (const { fs } of sessions) await log.write(String((await fs.list()).length));
    `);
  });

  const ready = async (script: readonly Act[]): Promise<Harness> => {
    const world = new World({ config: script, files: { data: FILES }, gates: ["line"] });
    const harness = Harness.boot(bytecode, world);
    await harness.run();
    expect(world.log).deep.equal(["ready"]);
    return harness;
  };

  const end = async (harness: Harness): Promise<readonly string[]> => {
    harness.world.inject("line", "go on");
    await harness.run();
    expect(harness.world.ending).deep.equal({ kind: "exited", code: 0 });
    await harness.drop();
    return harness.world.log;
  };

  it("faults 31 and 32: in any order of acquisition, each fails in turn, nothing is left, and a retry has them all", () =>
    fc.assert(
      fc.asyncProperty(acts, async (script) => {
        const straight = await end(await ready(script));
        const harness = await ready(script);
        const { world } = harness;
        const frozen = await harness.freeze();
        const selectors = Object.keys(frozen.snapshot.ledger.capabilities);
        const handles = Object.values(frozen.snapshot.ledger.capabilities).filter(
          ({ kind }) => kind === "file",
        );
        expect(world.handles.open).equal(0);
        for (let k = 1; k <= handles.length; k++) {
          const { opened } = world.handles;
          world.refuses = (opening) => opening === opened + k;
          const failed = await harness.revive(frozen);
          if (E.isRight(failed) || failed.left.tag !== "Refused")
            throw new Error(`handle ${k} was not missed`);
          expect(failed.left.missing.map(({ error }) => error.tag)).deep.equal(["Io"]);
          expect(world.handles.open, `open after handle ${k} of ${handles.length} failed`).equal(0);
        }
        world.refuses = () => false;
        expect(E.isRight(await harness.revive(frozen))).equal(true);
        expect(world.handles.open).equal(handles.length);
        expect(Object.keys(harness.domain.ledger.capabilities)).deep.equal(selectors);
        expect([...harness.domain.capabilities.keys()]).include.members(selectors.map(Number));
        expect(await end(harness)).deep.equal(straight);
        expect(world.handles.open).equal(0);
      }),
      { numRuns: 40 },
    )).timeout(60_000);
});
