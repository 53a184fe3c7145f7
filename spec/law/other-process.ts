// One half of a child's life in a process of its own: `freeze` runs it to a point and writes its image, `finish`
// revives it from there and runs it to its end. What it did and what time it was goes with it in a file of ours;
// everything of the child's own comes out of the image.
import { readFileSync, writeFileSync } from "node:fs";
import { E } from "../../lib/fp.ts";
import { encodeImage } from "../../runtime/image/container.ts";
import { encodeMemory } from "../../runtime/image/memory.ts";
import { decode, openImage } from "../../runtime/image/open-image.ts";
import { Harness } from "../domain/harness.ts";
import { platform, programOf } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import { right } from "../image/either.ts";
import { ours } from "../image/sample-image.ts";

export interface Half {
  readonly component: string;
  readonly directory: string;
  readonly image: string;
  /** Where log, ending and time are kept between the halves. */
  readonly notes: string;
  readonly point: number;
}

const worldOf = ({ directory }: Half): World => new World({ directories: { data: directory } });

const note = (world: World, { notes }: Half): void =>
  writeFileSync(notes, JSON.stringify({ now: world.clock.now, log: world.log, ending: world.ending }));

const freeze = async (half: Half): Promise<void> => {
  const world = worldOf(half);
  const harness = Harness.boot(await programOf(half.component), world);
  await harness.run(() => false, half.point);
  const { snapshot, memory, registers } = await harness.freeze();
  const { engine, base } = platform();
  const child = {
    name: "child",
    label: "init -> child",
    identity: "00000000-0000-4000-8000-000000000001",
    generation: 1,
    platform: { engine: engine.hash, base: base.hash, wordSize: 32 as const, byteOrder: "little" as const },
    registers,
    code: { file: "child.js", hash: "c", sourceMap: "" },
    quota: snapshot.ledger.quota,
    memoryBytes: memory.length,
    ledger: snapshot,
  };
  const manifest = {
    format: 1 as const,
    image: "00000000-0000-4000-8000-000000000002",
    created: 0,
    host: "here",
    children: [child],
  };
  writeFileSync(half.image, right(encodeImage(manifest, [encodeMemory(memory, base.memory)], ours)));
  note(world, half);
};

const finish = async (half: Half): Promise<void> => {
  const world = worldOf(half);
  const kept = JSON.parse(readFileSync(half.notes, "utf8")) as { now: number; log: string[] };
  world.clock.now = kept.now;
  world.log.push(...kept.log);
  const { engine, base } = platform();
  const sealed = right(openImage(readFileSync(half.image), [ours.publicKey]));
  const host = { engines: [engine.hash], base: (hash: string) => (hash === base.hash ? base.memory : null) };
  const { manifest, memories } = right(decode(sealed, host));
  const [child] = manifest.children;
  const harness = new Harness(world);
  const revived = await harness.reviveUnknown(
    { memory: memories[0]!, registers: child!.registers },
    child!.ledger,
  );
  if (E.isLeft(revived)) throw new Error(JSON.stringify(revived.left));
  await harness.run();
  note(world, half);
};

const [, , what, half] = process.argv;
if (what === "freeze") await freeze(JSON.parse(half!) as Half);
if (what === "finish") await finish(JSON.parse(half!) as Half);
