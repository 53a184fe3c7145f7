// Gates that lead out of the machine, held by a child that is frozen and revived: listeners, Unix sockets, HTTP.
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { GateOptions } from "../../runtime/index.ts";
import { Caller } from "../provider/gate/caller.ts";
import { HttpPeer } from "../provider/gate/http-peer.ts";
import { TcpPeer } from "../provider/gate/tcp-peer.ts";
import { factsOf, onStage } from "./stage.ts";

/** Answers whoever calls, one after the other. */
const PORTER = `
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "door" });
  await log.write("open");
  for (;;) {
    try {
      const text = await gate.receive();
      await gate.send("you said " + text);
      await log.write("heard " + text);
    } catch (error) {
      await log.write((error as Error).name);
    }
  }`;

/** Asks for three pages, by one request each. */
const CLERK = `
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "web" });
  for (let n = 1; n <= 3; n++) {
    const answer = JSON.parse(
      String(await gate.call(JSON.stringify({ method: "POST", path: "/page/" + n, body: "page " + n }))),
    );
    await log.write(answer.status + " " + answer.body);
  }`;

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((up) => void server.listen(0, "127.0.0.1", up));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
};

describe("host: gates that lead out of the machine", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gates-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const listeners: readonly (readonly [
    what: string,
    at: () => Promise<{ readonly place: number | string; readonly gate: GateOptions }>,
  ])[] = [
    [
      "TCP",
      async () => {
        const place = await freePort();
        return { place, gate: { tcp: `127.0.0.1:${place}`, listen: true } };
      },
    ],
    [
      "a Unix socket",
      async () => {
        const place = join(folder, "door.sock");
        return { place, gate: { unix: place, listen: true } };
      },
    ],
  ];
  for (const [what, at] of listeners)
    it(`a listener over ${what} is open again after the revival`, async () => {
      const { place, gate } = await at();
      await onStage(
        async ({ host, start, log }) => {
          const porter = await start("porter", PORTER);
          await porter.until({ log: "open" });
          const first = new Caller(place);
          porter.go();
          await first.write("one\n");
          await first.until(() => first.text === "you said one\n");
          await porter.until({ log: "heard one" });
          // It has arrived when the child is frozen, and is in the image.
          await first.write("two\n");
          await porter.freeze("porter.cryo");
          await first.until(() => first.ended);
          first.socket.destroy();
          const refused = new Caller(place);
          await refused.until(() => refused.closed);
          expect(refused.error).to.be.oneOf(["ECONNREFUSED", "ENOENT"]);
          const revived = await host.revive("porter.cryo");
          const second = new Caller(place);
          await second.write("three\n");
          await second.until(() => second.text.endsWith("you said three\n"));
          await revived.until({ log: "heard three" });
          expect(log("porter")).to.deep.equal(["open", "heard one", "heard two", "heard three"]);
          revived.go();
          second.socket.destroy();
          await revived.until({ log: "Disconnected" });
          await revived.kill();
          if (typeof place === "string") expect(existsSync(place)).to.equal(false);
        },
        { gates: { door: gate } },
      )();
    });

  it("two children can't listen at one place, and the second hears why", async () => {
    const place = await freePort();
    await onStage(
      async ({ start, log }) => {
        const porter = await start("porter", PORTER);
        await porter.until({ log: "open" });
        porter.go();
        const other = await start(
          "other",
          `const log = await env.session(Log);
           try { await env.session(Gate, { label: "door" }); }
           catch (error) { await log.write((error as Error).message); }`,
        );
        await other.ended;
        expect(log("other")).to.deep.equal([
          `gate door: listening at 127.0.0.1:${place} failed with EADDRINUSE`,
        ]);
      },
      { gates: { door: { tcp: `127.0.0.1:${place}`, listen: true } } },
    )();
  });

  it("fault 30: a place that is taken denies the revival by name, and the image stays good", async () => {
    const place = await freePort();
    await onStage(
      async ({ host, start }) => {
        const porter = await start("porter", PORTER);
        await porter.until({ log: "open" });
        await porter.freeze("porter.cryo");
        const thief = await TcpPeer.listen(place);
        const facts = await factsOf(host.revive("porter.cryo"));
        expect(JSON.stringify(facts)).to.contain(`listening at 127.0.0.1:${place}`);
        await thief.close();
        const revived = await host.revive("porter.cryo");
        const caller = new Caller(place);
        await caller.write("late\n");
        await caller.until(() => caller.text === "you said late\n");
        caller.socket.destroy();
        await revived.kill();
      },
      { gates: { door: { tcp: `127.0.0.1:${place}`, listen: true } } },
    )();
  });

  it("a dialogue over a Unix socket goes on where it was frozen", async () => {
    const place = join(folder, "echo.sock");
    const peer = await TcpPeer.listen(place);
    const echo = async (index: number): Promise<void> => {
      const { socket } = await peer.connection(index);
      socket.on("data", (chunk: Buffer) => socket.write(chunk));
    };
    try {
      await onStage(
        async ({ host, start, log }) => {
          void echo(0);
          const asker = await start(
            "asker",
            `const log = await env.session(Log);
             const gate = await env.session(Gate, { label: "pipe" });
             for (let n = 1; n <= 3; n++) await log.write("heard " + (await gate.call("line " + n)));`,
          );
          await asker.until({ log: "heard line 1" });
          await asker.freeze("asker.cryo");
          void echo(1);
          const revived = await host.revive("asker.cryo");
          expect(await revived.ended).to.deep.equal({ kind: "exited", code: 0 });
          expect(log("asker")).to.deep.equal(["heard line 1", "heard line 2", "heard line 3"]);
        },
        { gates: { pipe: { unix: place } } },
      )();
    } finally {
      await peer.close();
    }
  });

  it("fault 10: a request under way at a freeze is answered first, and asked once", async () => {
    let held: (() => void) | null = null;
    const server = await HttpPeer.listen(({ path, body }, response) => {
      const answer = (): void => void response.end(`got ${String(body)}`);
      if (path === "/page/2") held = answer;
      else answer();
    });
    try {
      await onStage(
        async ({ host, start, log }) => {
          const clerk = await start("clerk", CLERK);
          await clerk.until({ log: "200 got page 1" });
          clerk.go();
          await server.until(2);
          const freezing = clerk.freeze("clerk.cryo");
          await new Promise((pass) => setImmediate(pass));
          held!();
          await freezing;
          const revived = await host.revive("clerk.cryo");
          expect(await revived.ended).to.deep.equal({ kind: "exited", code: 0 });
          expect(log("clerk")).to.deep.equal([1, 2, 3].map((n) => `200 got page ${n}`));
          expect(server.heard.map(({ path }) => path)).to.deep.equal(["/page/1", "/page/2", "/page/3"]);
        },
        { gates: { web: { http: `http://127.0.0.1:${server.port}` } } },
      )();
    } finally {
      await server.close();
    }
  });

  it("a request that takes longer than the freeze would wait fails the freeze, and nothing else", async () => {
    let held: (() => void) | null = null;
    const server = await HttpPeer.listen(({ path, body }, response) => {
      const answer = (): void => void response.end(`got ${String(body)}`);
      if (path === "/page/2") held = answer;
      else answer();
    });
    try {
      await onStage(
        async ({ start, log }) => {
          const clerk = await start("clerk", CLERK);
          await clerk.until({ log: "200 got page 1" });
          clerk.go();
          await server.until(2);
          const facts = await factsOf(clerk.freeze("clerk.cryo", { deadline: 20 }));
          expect(JSON.stringify(facts)).to.contain("Gate.send of thread main");
          held!();
          expect(await clerk.ended).to.deep.equal({ kind: "exited", code: 0 });
          expect(log("clerk")).to.deep.equal([1, 2, 3].map((n) => `200 got page ${n}`));
        },
        { gates: { web: { http: `http://127.0.0.1:${server.port}` } } },
      )();
    } finally {
      await server.close();
    }
  });
});
