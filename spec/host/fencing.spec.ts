// Two hosts with state directories of their own, and one directory of files: of one identity only the later incarnation
// gets anything done.
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import type { HostEvent, HostOptions, RouteOptions } from "../../runtime/index.ts";
import { ALL, factsOf, onStage } from "./stage.ts";

/** Writes down each word that it is told. */
const SCRIBE = `
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "line" });
  const files = await env.session(FileSystem, { label: "data" });
  const file = await files.open("words.txt", { write: true, create: true, append: true });
  for (;;) {
    const word = await gate.receive();
    await file.write(word + "\\n");
    await log.write("wrote " + word);
  }`;

/** Tells of each word that somebody who calls says; each says one. */
const LISTENER = `import { component, Gate, Log } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "line" });
  await log.write("listens");
  for (;;)
    try {
      await log.write("heard " + (await gate.receive()));
    } catch (error) {
      if ((error as Error).name !== "Disconnected") throw error;
    }
});
`;

/** Calls at a socket and says a word. */
const tell = async (path: string, word: string): Promise<void> => {
  const socket = connect(path);
  socket.on("error", () => {});
  socket.end(`${word}\n`);
  socket.resume();
  await new Promise((resolve) => socket.once("close", resolve));
};

/** A file that has changed does not stand in the way. */
const REBOUND: readonly RouteOptions[] = ALL.map((route) =>
  route.service === "File_system" ? { ...route, policy: "rebind" } : route,
);

describe("host: fencing", function () {
  this.timeout(60_000);

  it(
    "fault 38: the stale incarnation's writes are refused by name, and it is ended",
    onStage(
      async ({ folder, host, another, start, read }) => {
        const fenced: HostEvent[] = [];
        host.on("fenced", (event) => fenced.push(event));
        const stale = await start("scribe", SCRIBE);
        await host.gate("line").send("one");
        await stale.until({ log: "wrote one" });
        stale.go();
        const image = join(folder, "scribe.cryo");
        await stale.checkpoint(image);
        const sink = await another({
          state: join(folder, "sink"),
          name: "sink",
          files: { data: { directory: join(folder, "data") } },
          gates: { line: { queue: true } },
          trust: [host.publicKey],
        });
        const moved = await sink.revive(image, { routes: ALL });
        // It has changed nothing yet, and holds the place all the same.
        await host.gate("line").send("two");
        const ending = await stale.ended;
        const reason =
          'File_system "data" is held by a later incarnation, of epoch 2 on host sink; this one is of epoch 1';
        expect(ending).to.deep.equal({ kind: "fenced", reason });
        expect(fenced).to.deep.equal([{ event: "fenced", child: "scribe", reason }]);
        await sink.gate("line").send("three");
        await moved.until({ log: "wrote three" });
        expect(await read("data/words.txt")).to.equal("one\nthree\n");
        const facts = await factsOf(host.revive(image, { routes: REBOUND }));
        expect(facts).to.deep.include({ tag: "Checkpoint" });
        const { error } = facts as {
          readonly error: { readonly missing: readonly { readonly error: object }[] };
        };
        expect(error.missing.map(({ error: { tag } }: { error: { tag?: string } }) => tag)).to.include(
          "Stale",
        );
        moved.go();
        await sink.gate("line").send("four");
        await moved.until({ log: "wrote four" });
        await moved.kill();
      },
      { gates: { line: { queue: true } } },
    ),
  );

  it(
    "fault 38: hosts that name one folder for the epochs of their gates refuse a stale incarnation's messages",
    onStage(async ({ folder, another }) => {
      const options = (name: string, trust: readonly string[] = []): HostOptions => ({
        ...{ name, trust, state: join(folder, name), epochs: join(folder, "epochs") },
        gates: { line: { unix: join(folder, `${name}.sock`), listen: true } },
      });
      const source = await another(options("source"));
      const component = join(folder, "listener.ts");
      await writeFile(component, LISTENER);
      const stale = await source.start({ name: "listener", component, routes: ALL });
      const image = join(folder, "listener.cryo");
      await stale.until({ log: "listens" });
      stale.go();
      await tell(join(folder, "source.sock"), "one");
      await stale.until({ log: "heard one" });
      stale.go();
      await stale.checkpoint(image);
      const sink = await another(options("sink", [source.publicKey]));
      const moved = await sink.revive(image, { routes: ALL });
      await tell(join(folder, "source.sock"), "two");
      expect((await stale.ended).kind).to.equal("fenced");
      await tell(join(folder, "sink.sock"), "three");
      await moved.until({ log: "heard three" });
      await moved.kill();
    }),
  );
});
