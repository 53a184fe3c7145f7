// What a host's file was read to counts only while nothing of what it went by is otherwise.
import { expect } from "chai";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { E } from "../../lib/fp.ts";
import { readHostFile, type KeptReading } from "../../runtime/scenario/kept-reading.ts";

const text = (ram: string): string => `scenario: kept
hosts:
  here:
    ram: ${ram}
    caps: 100
    files: { data: { directory: ./data, rights: [read] } }
start:
  one:
    component: ./one.ts
    ram: 8M
    caps: 10
    config: { upTo: 3, constructor: yes }
    routes: [{ service: LOG }]
`;

interface Place {
  readonly file: string;
  readonly state: string;
}

const read = async ({ file, state }: Place): Promise<KeptReading> => {
  const done = await readHostFile(file, state);
  if (E.isLeft(done)) throw new Error(JSON.stringify(done.left));
  return done.right;
};

const withKept = async (act: (place: Place, kept: KeptReading) => Promise<void>): Promise<void> => {
  const state = await mkdtemp(join(tmpdir(), "cryonode-reading-"));
  const place = { file: join(state, "host.yaml"), state };
  try {
    await writeFile(join(state, "one.ts"), "");
    await writeFile(place.file, text("32M").replace("rights: [read]", "rights: [read, create]"));
    const first = await read(place);
    await first.keep?.();
    await act(place, first);
  } finally {
    await rm(state, { recursive: true });
  }
};

describe("what a host's file was read to", () => {
  it("is kept, and is the same again, with no names but its own", () =>
    withKept(async (place, { scenario, keep }) => {
      expect(keep).not.equal(null);
      const again = await read(place);
      expect(again.keep).equal(null);
      expect(JSON.stringify(again.scenario)).equal(JSON.stringify(scenario));
      const { files, gates } = again.scenario.hosts[0]!;
      expect("constructor" in gates || "toString" in files).equal(false);
    }));

  it("does not count when the file is another one, wherever it lies", () =>
    withKept(async (place) => {
      await writeFile(place.file, text("64M").replace("rights: [read]", "rights: [read, create]"));
      const again = await read(place);
      expect(again.keep).not.equal(null);
      expect(again.scenario.hosts[0]!.ram).equal(64 << 20);
    }));

  it("does not count when what the file names is gone, and what is wrong is said", () =>
    withKept(async (place) => {
      await rm(join(place.state, "one.ts"));
      const again = await readHostFile(place.file, place.state);
      expect(E.isLeft(again) && again.left[0]?.message).contain("no file is there");
    }));

  it("does not count when it is damaged, at any place", () =>
    withKept(async (place, { scenario }) => {
      const path = join(place.state, "reading");
      const whole = await readFile(path);
      for (let at = 0; at < whole.length; at += 37) {
        const damaged = Buffer.from(whole);
        damaged[at]! ^= 1;
        await writeFile(path, at % 2 === 0 ? damaged : whole.subarray(0, at));
        const again = await read(place);
        expect(again.keep, `byte ${at}`).not.equal(null);
        expect(again.scenario).deep.equal(scenario);
      }
    }));
});
