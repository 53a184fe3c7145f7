import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import { queueGate, type QueueGate } from "../../../runtime/provider/gate/queue.ts";
import type { Message } from "../../../runtime/provider/gate/gate-provider.ts";
import { left, leftTag, right } from "../outcome.ts";
import { gateProviderSuite, type GatePeer } from "./gate-provider.suite.ts";

const peerOf = (gate: QueueGate): GatePeer => ({
  say: async (message) => right(await gate.inject(message)),
  heard: async (count) => gate.sent.slice(0, count),
  close: async () => {},
});

const setup = async () => {
  const provider = queueGate({ name: "line" });
  return { provider, peer: peerOf(provider) };
};

describe("a queue gate", () => {
  describe("as every provider, with text", () =>
    gateProviderSuite({ setup, message: (number) => `message ${number}` }));
  describe("as every provider, with bytes", () =>
    gateProviderSuite({ setup, message: (number) => new Uint8Array([1, 2, number & 255, number >> 8]) }));

  it("has one owner at a time", async () => {
    const gate = queueGate({ name: "line" });
    const end = right(await gate.open(null));
    expect(left(await gate.open(null))).to.deep.include({ tag: "Denied", service: "Gate", label: "line" });
    await end.close();
    right(await gate.open(null));
  });

  it("keeps the unread itself, whether it has an owner or not", async () => {
    const gate = queueGate({ name: "line" });
    right(await gate.inject("one"));
    const end = right(await gate.open(null));
    right(await gate.inject("two"));
    end.suspend();
    const state = await end.capture();
    expect(state.unread).to.deep.equal([]);
    await end.close();
    right(await gate.inject("three"));
    expect(gate.waiting).to.equal(3);
    const next = right(await gate.open(state));
    expect(right(await next.receive())).to.equal("one");
    expect(right(await next.receive())).to.equal("two");
    expect(right(await next.receive())).to.equal("three");
  });

  it("lets a sender wait for room, and counts the message when it is in", async () => {
    const gate = queueGate({ name: "line", bound: { messages: 2, bytes: 100 } });
    const end = right(await gate.open(null));
    right(await end.send("1"));
    right(await end.send("2"));
    const third = end.send("3");
    const fourth = end.send("4");
    expect(third).to.be.instanceOf(Promise);
    end.suspend();
    expect(await end.capture()).to.include({ sent: 2 });
    expect(gate.take()).to.equal("1");
    expect(await end.capture()).to.include({ sent: 3 });
    right(await third);
    expect(gate.sent).to.deep.equal(["2", "3"]);
    await end.close();
    expect(leftTag(await fourth)).to.equal("Closed");
    expect(gate.sent).to.deep.equal(["2", "3"]);
  });

  it("lets an injector wait for room, and keeps the order when there is some", async () => {
    const gate = queueGate({ name: "line", bound: { messages: 3, bytes: 10 } });
    const answers = ["aaaa", "bbbb", "cccc", "d", "e"].map((message) => gate.inject(message));
    expect(answers.map((answer) => answer instanceof Promise)).to.deep.equal([
      false,
      false,
      true,
      true,
      true,
    ]);
    const end = right(await gate.open(null));
    const received: Message[] = [];
    for (let i = 0; i < 5; i++) received.push(right(await end.receive()));
    expect(received).to.deep.equal(["aaaa", "bbbb", "cccc", "d", "e"]);
    expect((await Promise.all(answers.map(async (answer) => answer))).every(E.isRight)).to.equal(true);
  });

  it("serves many waiting receivers in order though injectors wait as well", async () => {
    const gate = queueGate({ name: "line", bound: { messages: 2, bytes: 100 } });
    const end = right(await gate.open(null));
    end.suspend();
    const receivers = Array.from({ length: 6 }, () => end.receive());
    for (let i = 0; i < 6; i++) void gate.inject(String(i));
    end.resume();
    expect((await Promise.all(receivers.map(async (each) => each))).map(right)).to.deep.equal([
      "0",
      "1",
      "2",
      "3",
      "4",
      "5",
    ]);
  });

  it("refuses a message that could never fit", async () => {
    const gate = queueGate({ name: "line", bound: { messages: 2, bytes: 10 } });
    const end = right(await gate.open(null));
    expect(left(await end.send("é".repeat(6)))).to.deep.include({ tag: "TooLarge", bytes: 12, limit: 10 });
    expect(leftTag(await gate.inject(new Uint8Array(11)))).to.equal("TooLarge");
  });
});
