import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import type { Framing } from "../../../runtime/provider/gate/framing.ts";
import type { GateEnd, Message } from "../../../runtime/provider/gate/gate-provider.ts";
import type { ListeningGate } from "../../../runtime/provider/gate/stream-gate.ts";
import { tcpListener, type TcpListenOptions } from "../../../runtime/provider/gate/tcp.ts";
import { left, leftTag, right } from "../outcome.ts";
import { Caller } from "./caller.ts";
import { callingPeer } from "./calling-peer.ts";
import { gateProviderSuite } from "./gate-provider.suite.ts";

const retry = { tries: 3, first: 1, longest: 2 };

const setup = (framing: Framing) => async () => {
  const gate = tcpListener({ name: "door", host: "127.0.0.1", port: 0, framing, retry });
  return callingPeer(gate, () => gate.port as number, framing);
};

describe("a listening TCP gate", () => {
  const gates: ListeningGate[] = [];
  const ends: GateEnd[] = [];
  const callers: Caller[] = [];

  const gateAt = (options: Partial<TcpListenOptions> = {}): ListeningGate => {
    const gate = tcpListener({
      name: "door",
      host: "127.0.0.1",
      port: 0,
      framing: "line",
      retry,
      ...options,
    });
    gates.push(gate);
    return gate;
  };
  const opened = async (gate: ListeningGate): Promise<GateEnd> => {
    const end = right(await gate.open(null));
    ends.push(end);
    return end;
  };
  const call = (gate: ListeningGate): Caller => {
    const caller = new Caller(gate.port as number);
    callers.push(caller);
    return caller;
  };
  const tags = async (...answers: Promise<E.Either<never, Message>>[]): Promise<unknown[]> =>
    (await Promise.all(answers)).map((answer) => (E.isRight(answer) ? answer.right : leftTag(answer)));

  afterEach(async () => {
    for (const { socket } of callers.splice(0)) socket.destroy();
    for (const gate of gates.splice(0)) gate.close();
    for (const end of ends.splice(0)) await end.close();
  });

  describe("as every provider, by lines", () =>
    gateProviderSuite({ setup: setup("line"), message: (number) => `Nachricht ${number} ü` }));
  describe("as every provider, by lengths", () =>
    gateProviderSuite({
      setup: setup("length"),
      message: (number) => new Uint8Array(1000).fill(number).fill(10, 3, 5),
    }));

  it("is open before anybody has called, and receives from who calls later", async () => {
    const gate = gateAt();
    const end = await opened(gate);
    const [waiting, sending] = [end.receive(), end.send("welcome")];
    const caller = call(gate);
    await caller.write("hello\n");
    expect(right(await waiting)).to.equal("hello");
    right(await sending);
    await caller.until(() => caller.text === "welcome\n");
    expect(end.reconnected).to.equal(0);
  });

  it("lets a send wait for so long and no longer", async () => {
    const gate = gateAt({ patience: 1 });
    const end = await opened(gate);
    const answers = await Promise.all(["one", "two"].map(async (text) => end.send(text)));
    for (const answer of answers)
      expect(left(answer)).to.deep.equal({
        tag: "Disconnected",
        gate: "door",
        reason: "nobody has connected within 1 ms",
      });
    const caller = call(gate);
    await caller.write("hello\n");
    right(await end.receive());
    right(await end.send("three"));
    await caller.until(() => caller.text === "three\n");
    end.suspend();
    expect(await end.capture()).to.include({ sent: 1, received: 1 });
  });

  it("serves one peer after the other, and tells of each one's end in its place", async () => {
    const gate = gateAt();
    const end = await opened(gate);
    for (const name of ["a", "b", "c"]) {
      const caller = call(gate);
      await caller.write(`${name} 1\n${name} 2\n`);
      caller.socket.end();
    }
    const received: unknown[] = [];
    for (let i = 0; i < 9; i++) received.push(...(await tags(end.receive() as never)));
    expect(received).to.deep.equal(
      ["a", "b", "c"].flatMap((name) => [`${name} 1`, `${name} 2`, "Disconnected"]),
    );
    for (const caller of callers) await caller.until(() => caller.ended);
    expect(end.reconnected).to.be.within(2, 3);
  });

  it("answers a peer that has ended its own half already", async () => {
    const gate = gateAt();
    const end = await opened(gate);
    const caller = call(gate);
    await caller.write("question\n");
    caller.socket.end();
    expect(right(await end.receive())).to.equal("question");
    right(await end.send("answer"));
    expect(left(await end.receive())).to.deep.include({ reason: "the peer has closed it" });
    await caller.until(() => caller.ended);
    expect(caller.text).to.equal("answer\n");
  });

  it("sends nothing to a peer that was meant for the one before", async () => {
    const gate = gateAt();
    const end = await opened(gate);
    const first = call(gate);
    await first.write("one\ntwo\n");
    expect(right(await end.receive())).to.equal("one");
    first.socket.resetAndDestroy();
    // The next one is there before the owner hears of the reset.
    const second = call(gate);
    await second.write("three\n");
    for (let answer = await end.send("to the first"); E.isRight(answer); answer = await end.send("x"))
      await new Promise((pass) => setImmediate(pass));
    expect(leftTag(await end.send("to the first"))).to.equal("Disconnected");
    const rest = Array.from({ length: 3 }, () => end.receive());
    expect(await tags(...(rest as never[]))).to.deep.equal(["two", "Disconnected", "three"]);
    right(await end.send("to the second"));
    await second.until(() => second.text === "to the second\n");
  });

  it("passes over a peer that came and went without a byte", async () => {
    const gate = gateAt();
    const end = await opened(gate);
    const waiting = end.receive();
    for (let i = 0; i < 3; i++) {
      const caller = call(gate);
      caller.socket.end();
      await caller.until(() => caller.ended);
    }
    const caller = call(gate);
    await caller.write("hello\n");
    expect(right(await waiting)).to.equal("hello");
  });

  it("has one owner at a time, and its place is free after the close", async () => {
    const gate = gateAt();
    const end = await opened(gate);
    const port = gate.port as number;
    expect(left(await gate.open(null))).to.deep.include({ tag: "Denied", label: "door" });
    const other = gateAt({ port });
    expect(left(await other.open(null))).to.deep.equal({
      tag: "Io",
      code: "EADDRINUSE",
      what: `gate door: listening at 127.0.0.1:${port}`,
    });
    await end.close();
    expect(gate.port).to.equal(null);
    await opened(other);
    expect(other.port).to.equal(port);
  });

  it("finds its place when its former owner leaves it late", async () => {
    const gate = gateAt();
    const end = await opened(gate);
    const other = gateAt({ port: gate.port as number, retry: { tries: 1000, first: 1, longest: 1 } });
    const opening = other.open(null);
    await end.close();
    ends.push(right(await opening));
  });

  it("stops opening when it is closed meanwhile", async () => {
    const gate = gateAt();
    const opening = gate.open(null);
    gate.close();
    expect(leftTag(await opening)).to.equal("Closed");
  });

  it("names an address that is not the machine's", async () => {
    expect(left(await gateAt({ host: "192.0.2.1" }).open(null))).to.deep.include({
      tag: "Io",
      code: "EADDRNOTAVAIL",
    });
  });

  it("keeps so many peers waiting, unread, and sends a further one away by a reset", async () => {
    const gate = gateAt({ waiting: 2 });
    const end = await opened(gate);
    const served = call(gate);
    await served.write("served\n");
    expect(right(await end.receive())).to.equal("served");
    const others: Caller[] = [];
    for (let i = 0; i < 3; i++) {
      others.push(call(gate));
      await others[i]?.write(`${i}\n`);
    }
    await others[2]?.until(() => others[2]?.closed === true);
    expect(others[2]?.error).to.match(/ECONNRESET|EPIPE/);
    expect(others.slice(0, 2).map(({ closed }) => closed)).to.deep.equal([false, false]);
    served.socket.end();
    others[0]?.socket.end();
    const rest: unknown[] = [];
    for (let i = 0; i < 4; i++) rest.push(...(await tags(end.receive() as never)));
    expect(rest).to.deep.equal(["Disconnected", "0", "Disconnected", "1"]);
  });

  it("sends those who wait away at its close", async () => {
    const gate = gateAt();
    const end = await opened(gate);
    const served = call(gate);
    await served.write("served\n");
    right(await end.receive());
    const waiting = call(gate);
    await waiting.write("waiting\n");
    await end.close();
    await waiting.until(() => waiting.closed);
    await served.until(() => served.ended);
  });

  describe("a state", () => {
    it("is received first, then the next peer's messages: its freeze shows to the peer alone", async () => {
      const gate = gateAt();
      const end = right(await gate.open(null));
      const first = call(gate);
      await first.write("one\ntwo\nthr");
      expect(right(await end.receive())).to.equal("one");
      end.suspend();
      const waiting = end.receive();
      const state = await end.capture();
      expect(state).to.deep.equal({
        sent: 0,
        received: 1,
        unread: ["two"],
        partial: new Uint8Array(Buffer.from("thr")),
      });
      await end.close();
      expect(leftTag(await waiting)).to.equal("Closed");
      await first.until(() => first.ended);
      const next = right(await gate.open(state));
      ends.push(next);
      expect(right(await next.receive())).to.equal("two");
      const receiving = next.receive();
      await call(gate).write("three\n");
      expect(right(await receiving)).to.equal("three");
      expect(next.dropped).to.equal(3);
      expect(next.changed).to.equal(
        "reconnected: whoever calls next is served; 3 bytes of a message begun were dropped",
      );
    });

    it("remembers a peer that had gone: what it sent is not answered to the next one", async () => {
      const gate = gateAt();
      const end = right(await gate.open(null));
      const first = call(gate);
      await first.write("one\ntwo\n");
      expect(right(await end.receive())).to.equal("one");
      first.socket.resetAndDestroy();
      for (let answer = await end.send("x"); E.isRight(answer); answer = await end.send("x"))
        await new Promise((pass) => setImmediate(pass));
      end.suspend();
      const state = await end.capture();
      expect(state.unread).to.deep.equal(["two"]);
      expect(state.parted).to.be.a("string");
      await end.close();
      const next = right(await gate.open(state));
      ends.push(next);
      expect(next.changed).to.equal("reconnected: whoever calls next is served");
      const second = call(gate);
      await second.write("three\n");
      expect(leftTag(await next.send("to the first"))).to.equal("Disconnected");
      const rest = Array.from({ length: 3 }, () => next.receive());
      expect(await tags(...(rest as never[]))).to.deep.equal(["two", "Disconnected", "three"]);
      right(await next.send("to the second"));
      await second.until(() => second.text === "to the second\n");
    });

    it("tells a suspended owner at its resumption of a peer that went meanwhile", async () => {
      const gate = gateAt();
      const end = await opened(gate);
      const caller = call(gate);
      await caller.write("one\n");
      expect(right(await end.receive())).to.equal("one");
      end.suspend();
      const waiting = end.receive();
      caller.socket.destroy();
      await caller.until(() => caller.closed);
      await end.capture();
      end.resume();
      expect(leftTag(await waiting)).to.equal("Disconnected");
    });
  });

  it("fault 42: a peer that sends what is no message ends its own connection, and nobody else's", async () => {
    const gate = gateAt({ message: 10 });
    const end = await opened(gate);
    const loud = call(gate);
    await loud.write("fits\nthis one does not fit");
    expect(right(await end.receive())).to.equal("fits");
    expect(left(await end.receive())).to.deep.include({ tag: "TooLarge", limit: 10 });
    await loud.until(() => loud.closed || loud.ended);
    const broken = call(gate);
    await broken.write(new Uint8Array([0xc3, 10]));
    expect(leftTag(await end.receive())).to.equal("InvalidArgument");
    await call(gate).write("fine\n");
    expect(right(await end.receive())).to.equal("fine");
  });

  it("makes a flooding peer wait, loses nothing, and goes on when there is room", async () => {
    const gate = gateAt({ unread: { messages: 10, bytes: 1000 } });
    const end = await opened(gate);
    const caller = call(gate);
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${i} ${".".repeat(1000)}`);
    const chunk = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    // More than the kernels take in our stead, so the peer's own writes have to queue up.
    const rounds = 64;
    let written = 0;
    for (let i = 0; i < rounds; i++) caller.socket.write(chunk, () => (written += 1));
    for (let last = -1; last !== written;) {
      last = written;
      for (let i = 0; i < 20; i++) await new Promise((pass) => setImmediate(pass));
    }
    expect(written).to.be.below(rounds);
    for (let i = 0; i < rounds * lines.length; i++) {
      const message = right(await end.receive());
      if (message !== lines[i % lines.length]) expect.fail(`${String(message)} at ${i}`);
    }
    expect(written).to.equal(rounds);
  });
});
