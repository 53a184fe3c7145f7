// A gate over real TCP whose peer is not always there, and the program's own end of a queue gate.
import { expect } from "chai";
import type { HostOptions } from "../../runtime/index.ts";
import { TcpPeer } from "../provider/gate/tcp-peer.ts";
import { factsOf, onStage } from "./stage.ts";

const DIALOGUE = `
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "line" });
  for (let n = 1; n <= 3; n++) {
    await gate.send("question " + n);
    await log.write("heard " + (await gate.receive()));
  }`;

/** Answers each line with its number. */
const answer = async (peer: TcpPeer, index = 0): Promise<void> => {
  const { socket } = await peer.connection(index);
  socket.on("data", (chunk: Buffer) => {
    for (const line of chunk.toString().trim().split("\n")) socket.write(`${line.at(-1)}\n`);
  });
};

const withGate = (port: number): HostOptions => ({ gates: { line: { tcp: `127.0.0.1:${port}` } } });
const HEARD = ["heard 1", "heard 2", "heard 3"];

describe("host: the peer of a gate", () => {
  for (const [when, between] of [
    ["there all the time", async (peer: TcpPeer) => peer],
    [
      "restarted before the revival",
      async (peer: TcpPeer) => {
        const { port } = peer;
        await peer.close();
        return TcpPeer.listen(port);
      },
    ],
  ] as const)
    it(`fault 30: ${when}: the dialogue goes on`, async () => {
      let peer = await TcpPeer.listen();
      try {
        await onStage(async ({ host, start, log }) => {
          void answer(peer);
          const child = await start("asker", DIALOGUE);
          await child.until({ log: "heard 1" });
          await child.freeze("asker.cryo");
          const before = peer;
          peer = await between(peer);
          void answer(peer, peer === before ? 1 : 0);
          const revived = await host.revive("asker.cryo");
          expect(await revived.ended).to.deep.equal({ kind: "exited", code: 0 });
          expect(log("asker")).to.deep.equal(HEARD);
        }, withGate(peer.port))();
      } finally {
        await peer.close();
      }
    });

  it("fault 30: late: the revival waits for it, within its retries", async () => {
    let peer = await TcpPeer.listen();
    const { port } = peer;
    try {
      await onStage(async ({ host, start, log }) => {
        void answer(peer);
        const child = await start("asker", DIALOGUE);
        await child.until({ log: "heard 1" });
        await child.freeze("asker.cryo");
        await peer.close();
        const reviving = host.revive("asker.cryo");
        await new Promise((resolve) => setTimeout(resolve, 60));
        peer = await TcpPeer.listen(port);
        void answer(peer);
        await (
          await reviving
        ).ended;
        expect(log("asker")).to.deep.equal(HEARD);
      }, withGate(port))();
    } finally {
      await peer.close();
    }
  });

  it("fault 30: absent: bounded retries, a typed error, and the image stays good", async () => {
    let peer = await TcpPeer.listen();
    const { port } = peer;
    try {
      await onStage(async ({ host, start, log }) => {
        void answer(peer);
        const child = await start("asker", DIALOGUE);
        await child.until({ log: "heard 1" });
        await child.freeze("asker.cryo");
        await peer.close();
        const facts = await factsOf(host.revive("asker.cryo"));
        expect(facts).to.deep.include({ tag: "Checkpoint" });
        expect((facts as { error: object }).error).to.deep.include({ tag: "Refused" });
        expect(JSON.stringify(facts)).to.contain('"tag":"Disconnected","gate":"line"');
        peer = await TcpPeer.listen(port);
        void answer(peer);
        await (
          await host.revive("asker.cryo")
        ).ended;
        expect(log("asker")).to.deep.equal(HEARD);
      }, withGate(port))();
    } finally {
      await peer.close();
    }
  });

  it("a foreign peer: who asks is told that it was reconnected, and what was dropped; the host says so, too", async () => {
    const peer = await TcpPeer.listen();
    try {
      await onStage(async ({ host, start, log }) => {
        const child = await start(
          "asker",
          `const log = await env.session(Log);
           const gate = await env.session(Gate, { label: "line" });
           env.revived(({ generation, reopened }) => log.write(generation + " " +
             reopened.filter(({ kind }) => kind === "gate").map((each) => JSON.stringify(each)).join()));
           await log.write("heard " + (await gate.receive()));
           await gate.receive();`,
        );
        const { socket } = await peer.connection(0);
        await new Promise((flushed) => socket.write("whole\nhal", flushed));
        await child.until({ log: "heard whole" });
        await child.freeze("asker.cryo");
        const told = new Promise((resolve) => host.on("revived", ({ reopened }) => resolve(reopened)));
        const revived = await host.revive("asker.cryo");
        const entry = {
          kind: "gate",
          provider: "line",
          name: "line",
          position: 1,
          changed: "reconnected; 3 bytes of a message begun were dropped",
        };
        await revived.until({ log: `2 ${JSON.stringify(entry)}` });
        expect(await told).to.deep.include(entry);
        expect(log("asker")).to.deep.equal(["heard whole", `2 ${JSON.stringify(entry)}`]);
        await revived.kill();
      }, withGate(peer.port))();
    } finally {
      await peer.close();
    }
  });

  it("fault 9: a send that the peer does not take: named with its thread, and the child runs on", async () => {
    const peer = await TcpPeer.listen();
    peer.deaf = true;
    try {
      await onStage(async ({ start, log }) => {
        const body = `
          const log = await env.session(Log);
          await env.cpu.thread("writer", async (env) => {
            const gate = await env.session(Gate, { label: "line" });
            const text = "x".repeat(1_000_000);
            for (let n = 1; n <= 16; n++) {
              await log.write("sending " + n);
              await gate.send(text);
            }
          });`;
        const child = await start("writer", body, { ram: "16M" });
        // Nothing more is written once the peer's buffers and ours are full.
        for (let seen = -1; seen !== log("writer").length || seen === 0;) {
          seen = log("writer").length;
          await new Promise((resolve) => setTimeout(resolve, 300));
        }
        const facts = await factsOf(child.freeze("writer.cryo", { deadline: 50 }));
        expect(facts).to.deep.equal({
          tag: "Checkpoint",
          error: { tag: "Deadline", deadline: 50, calls: ["Gate.send of thread writer"] },
        });
        peer.deaf = false;
        peer.connections[0]!.socket.resume();
        expect(await child.ended).to.deep.equal({ kind: "exited", code: 0 });
        expect(log("writer").at(-1)).to.equal("sending 16");
        expect(peer.connections[0]!.bytes.length).to.equal(16 * 1_000_001);
      }, withGate(peer.port))();
    } finally {
      await peer.close();
    }
  });
});
