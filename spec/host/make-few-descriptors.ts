// A host that has run out of descriptors, in a process of its own that may have only a few. It exits with 0 where all
// was as it should be.
import { closeSync, openSync, readdirSync } from "node:fs";
import { expect } from "chai";
import { onStage } from "./stage.ts";

/** Takes every descriptor there is but some; answers what gives them back. */
const hog = (but: number): (() => void) => {
  const taken: number[] = [];
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch {
    for (let i = 0; i < but; i++) closeSync(taken.pop()!);
  }
  return () => taken.forEach((descriptor) => closeSync(descriptor));
};

const refusal = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "nothing was refused",
    (error: Error) => error.message,
  );

const held = (): number => readdirSync("/proc/self/fd").length;

const play = onStage(
  async ({ host, start, log, read }) => {
    const child = await start(
      "greedy",
      `const log = await env.session(Log);
       const gate = await env.session(Gate, { label: "line" });
       const files = await env.session(FileSystem, { label: "data" });
       const held = [];
       const take = async () => {
         for (;;) held.push(await files.open("f" + held.length, { read: true, write: true, create: true }));
       };
       await take().catch((error) => log.write(error.message));
       for (let i = 0; i < 30; i++) await held.pop()!.close();
       const again = await files.open("again", { write: true, create: true });
       await log.write("goes on");
       for (;;) {
         await gate.receive();
         await again.write("x");
         await held[held.length - 1]!.write("y");
         await log.write("wrote");
       }`,
      { caps: 1000 },
    );
    await child.until({ log: "goes on" });
    const [failed = ""] = log("greedy");
    expect(failed).match(/^open of f\d+ failed with EMFILE$/);
    const last = `f${Number(/\d+/.exec(failed)![0]) - 31}`;
    await host.gate("line").send("once");
    await child.until({ log: "wrote" });

    const none = hog(0);
    expect(await refusal(child.freeze("greedy.cryo")), "no descriptor for the image").contain("EMFILE");
    none();
    await host.gate("line").send("twice");
    await child.until({ log: "wrote" });

    await child.freeze("greedy.cryo");
    const few = hog(40);
    const before = held();
    const refused = await refusal(host.revive("greedy.cryo"));
    expect(refused).contain(`File ${last}: open of ${last} failed with EMFILE`).and.contain("File again: ");
    expect(refused, "there was enough for the first").not.contain("File f0: ");
    expect(held(), "all of it was given back").equal(before);
    few();

    const revived = await host.revive("greedy.cryo");
    await host.gate("line").send("thrice");
    await revived.until({ log: "wrote" });
    expect([await read("data/again"), await read(`data/${last}`)]).deep.equal(["xxx", "yyy"]);
  },
  { gates: { line: { queue: true as const } } },
);

try {
  await play();
} catch (error) {
  process.stderr.write(`${String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = 1;
}
