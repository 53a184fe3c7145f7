// What programs see of hosts and children.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { Host, HostFailure, type HostEvent } from "../../runtime/index.ts";
import { ALL, COUNT, COUNTED, factsOf, onStage } from "../host/stage.ts";

const ECHO = `
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "line" });
  const rom = await env.session(Rom, { label: "banner" });
  const report = await env.session(Report, { label: "state" });
  await log.write(await rom.text());
  for (;;) {
    const text = await gate.receive();
    await report.submit({ heard: text });
    await gate.send("echo " + text);
    await log.write("sent");
  }`;

describe("embedding: until", () => {
  it(
    "holds a child in the very turn, from the first one on, and lets it go on from there",
    onStage(async ({ start, log, read }) => {
      const child = await start("counter", COUNT);
      for (const n of [1, 2, 5]) {
        expect(await child.until({ log: new RegExp(`^count ${n}$`, "g") })).to.equal(`count ${n}`);
        expect(child.held).to.equal(true);
        expect(log("counter")).to.deep.equal(COUNTED.slice(0, n));
        // Long past the timer's end.
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect((await read("data/count.txt")).trim().split("\n")).to.have.length(n);
      }
      child.go();
      expect(await child.ended).to.deep.equal({ kind: "exited", code: 0 });
    }),
  );

  it(
    "finds what was written while nobody waited, once",
    onStage(async ({ host, start }) => {
      const child = await start("counter", COUNT);
      await new Promise<void>((resolve) => host.on("log", ({ text }) => text === "count 4" && resolve()));
      expect(await child.until({ log: "count 2" })).to.equal("count 2");
      const facts = await factsOf(child.until({ log: "count 2" }));
      expect(facts).to.deep.equal({
        tag: "NotReached",
        child: "counter",
        awaited: '"count 2"',
        within: null,
        ending: { kind: "exited", code: 0 },
      });
    }),
  );

  it(
    "gives up past its time, the child running on",
    onStage(
      async ({ host, start, log }) => {
        const body = `
        const log = await env.session(Log);
        const gate = await env.session(Gate, { label: "line" });
        await log.write("heard " + (await gate.receive()));`;
        const child = await start("listener", body);
        const failure = await child.until({ log: /never/, within: "20ms" }).catch((error: unknown) => error);
        expect(String(failure)).to.equal("NotReached: listener did not write /never/ within 20 ms");
        expect([child.ending, child.held]).to.deep.equal([null, false]);
        await host.gate("line").send("you");
        expect(await child.ended).to.deep.equal({ kind: "exited", code: 0 });
        expect(log("listener")).to.deep.equal(["heard you"]);
      },
      { gates: { line: { queue: true } } },
    ),
  );

  it(
    "a child started as held takes no turn before it is let go",
    onStage(async ({ start, log }) => {
      const child = await start("counter", COUNT, { held: true });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(log("counter")).to.deep.equal([]);
      child.go();
      await child.ended;
      expect(log("counter")).to.deep.equal(COUNTED);
    }),
  );
});

describe("embedding: events", () => {
  it(
    "are told by kind, all together, and as streams that end",
    onStage(async ({ host, start }) => {
      const all: HostEvent[] = [];
      const logs: string[] = [];
      const stop = host.on("event", (event) => all.push(event));
      host.on("log", ({ text }) => logs.push(text));
      const child = await start("counter", COUNT);
      const heard: string[] = [];
      const stream = child.events();
      await child.until({ log: "count 2" });
      await child.freeze("counter.cryo");
      for await (const { event } of stream) heard.push(event);
      expect(heard).to.deep.equal(["log", "log", "frozen"]);
      expect(all.map(({ event }) => event)).to.deep.equal(["started", "log", "log", "frozen"]);
      stop();
      const again = await host.revive("counter.cryo");
      await again.ended;
      expect(all).to.have.length(4);
      expect(logs).to.deep.equal(COUNTED);
      for await (const event of again.events()) expect.fail(JSON.stringify(event));
    }),
  );
});

describe("embedding: the outside world", () => {
  it("is in the program's hands", () =>
    onStage(
      async ({ host, start, log }) => {
        const child = await start("echo", ECHO);
        await child.until({ log: "hello" });
        host.rom("banner").setJson({ changed: true });
        await host.gate("line").send("one");
        await child.until({ log: "sent" });
        expect(host.gate("line").sent).to.deep.equal(["echo one"]);
        expect(host.gate("line").take()).to.equal("echo one");
        expect(JSON.parse(host.rom("state").text)).to.deep.equal({ heard: "one" });
        await child.freeze("echo.cryo");
        await host.gate("line").send("two");
        const revived = await host.revive("echo.cryo");
        await revived.until({ log: "sent" });
        expect(host.gate("line").sent).to.deep.equal(["echo two"]);
        expect(log("echo")).to.deep.equal(["hello", "sent", "sent"]);

        await host.files("scratch").write("a.txt", "ä");
        expect(await host.files("scratch").text("a.txt")).to.equal("ä");
        await host.files("scratch").remove("a.txt");
        expect(await factsOf(host.files("scratch").text("a.txt"))).to.deep.include({ tag: "Provider" });
        expect(() => host.gate("lin")).to.throw(HostFailure, 'no gate "lin" to act on; it has line');
      },
      {
        gates: { line: { queue: true } },
        roms: { banner: { text: "hello" } },
        files: { scratch: { memory: true } },
      },
    )());
});

describe("embedding: what is wrong", () => {
  it("is a TypeError where the program is: it names the value and the nearest right one", async () => {
    const refused = async (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => "accepted",
        (error: unknown) => String(error),
      );
    expect(await refused(Host.open({ ram: "64 M" }))).to.equal(
      'TypeError: ram is "64 M"; expected bytes, or a size such as "64M"; did you mean "64M"?',
    );
    expect(await refused(Host.open({ gates: { line: { tcp: "7000" } } }))).to.contain('tcp is "7000"');
    await onStage(async ({ start }) => {
      const routes = [{ service: "Filesystem" as "File_system" }];
      expect(await refused(start("x", "", { routes }))).to.contain('did you mean "File_system"?');
      expect(await refused(start("x", "", { caps: 0 }))).to.contain("caps of x is 0");
    })();
  });

  it(
    "is a HostFailure where the world is, with facts",
    onStage(async ({ folder, host, start, another }) => {
      const facts = await factsOf(start("wrong", 'import("node:fs");'));
      expect(facts).to.deep.include({ tag: "Component" });
      expect(await factsOf(host.kill("nobody"))).to.deep.equal({ tag: "NoSuchChild", child: "nobody" });
      expect(await factsOf(host.revive("nothing.cryo"))).to.deep.include({ tag: "Image" });
      await writeFile(join(folder, "state", "text.cryo"), "not an image");
      expect(await factsOf(host.revive("text.cryo"))).to.deep.include({ tag: "Image" });
      expect(await factsOf(another({ roms: { x: { file: join(folder, "absent") } } }))).to.deep.include({
        tag: "Setup",
      });
      const child = await start("counter", COUNT);
      await child.ended;
      expect(await factsOf(child.freeze("counter.cryo"))).to.deep.equal({
        tag: "Checkpoint",
        error: { tag: "Ended", child: "counter" },
      });
      await child.kill();
      const other = await another({});
      await other.close();
      expect(await factsOf(other.revive("x.cryo"))).to.deep.equal({ tag: "HostClosed", host: "here" });
    }),
  );

  it(
    "an old child does not act for the incarnation that has its name now",
    onStage(async ({ host, start, log }) => {
      const child = await start("counter", COUNT);
      await child.until({ log: "count 3" });
      await child.freeze("counter.cryo");
      const revived = await host.revive("counter.cryo", { held: true });
      child.go();
      await child.kill();
      expect(await factsOf(child.freeze("other.cryo"))).to.deep.include({ tag: "Checkpoint" });
      expect([revived.ending, revived.generation, revived.identity]).to.deep.equal([null, 2, child.identity]);
      expect(host.child("counter")).to.equal(revived);
      expect(log("counter")).to.have.length(3);
    }),
  );

  it(
    "a listener's own error does not reach the host",
    onStage(async ({ host, start }) => {
      const listeners = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      const caught: string[] = [];
      process.on("uncaughtException", (error) => caught.push(error.message));
      host.on("started", () => {
        throw new Error("the listener's");
      });
      const child = await start("counter", COUNT);
      const ending = await child.ended;
      process.removeAllListeners("uncaughtException");
      for (const listener of listeners) process.on("uncaughtException", listener);
      expect(ending).to.deep.equal({ kind: "exited", code: 0 });
      expect(caught).to.deep.equal(["the listener's"]);
    }),
  );

  it(
    "paths may be URLs",
    onStage(async ({ host, folder, start }) => {
      await (
        await start("counter", COUNT)
      ).ended;
      const component = pathToFileURL(join(folder, "components", "counter.ts"));
      const child = await host.start({ name: "other", component, routes: ALL });
      await child.until({ log: "count 1" });
      await child.checkpoint(pathToFileURL(join(folder, "there.cryo")));
      expect((await readFile(join(folder, "there.cryo"))).length).to.be.greaterThan(1000);
    }),
  );
});
