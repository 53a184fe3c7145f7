import { expect } from "chai";
import { prose } from "../../../lib/error.ts";
import { E } from "../../../lib/fp.ts";
import type { Framing } from "../../../runtime/provider/gate/framing.ts";
import type { GateEnd, GateProvider, Message } from "../../../runtime/provider/gate/gate-provider.ts";
import { tcpGate, type TcpOptions } from "../../../runtime/provider/gate/tcp.ts";
import { freePort } from "../../free-port.ts";
import { left, leftTag, right } from "../outcome.ts";
import { gateProviderSuite, type GatePeer } from "./gate-provider.suite.ts";
import { serverPeer } from "./server-peer.ts";
import { TcpPeer } from "./tcp-peer.ts";
import { encode } from "./wire.ts";

const retry = { tries: 3, first: 1, longest: 2 };

const setup = (framing: Framing) => async (): Promise<{ provider: GateProvider; peer: GatePeer }> => {
  const server = await TcpPeer.listen();
  const provider = tcpGate({ name: "line", host: "127.0.0.1", port: server.port, framing, retry });
  return { provider, peer: serverPeer(server, framing) };
};

describe("a TCP gate", () => {
  const servers: TcpPeer[] = [];
  const gates: GateProvider[] = [];
  const ends: GateEnd[] = [];

  const listen = async (port?: number): Promise<TcpPeer> => {
    const server = await TcpPeer.listen(port);
    servers.push(server);
    return server;
  };

  const gateTo = (port: number, options: Partial<TcpOptions> = {}): GateProvider => {
    const gate = tcpGate({ name: "line", host: "127.0.0.1", port, framing: "line", retry, ...options });
    gates.push(gate);
    return gate;
  };

  const openTo = async (port: number, options: Partial<TcpOptions> = {}): Promise<GateEnd> => {
    const end = right(await gateTo(port, options).open(null));
    ends.push(end);
    return end;
  };

  afterEach(async () => {
    for (const gate of gates.splice(0)) gate.close();
    for (const server of servers.splice(0)) await server.close();
    for (const end of ends.splice(0)) await end.close();
  });

  describe("as every provider, by lines", () =>
    gateProviderSuite({ setup: setup("line"), message: (number) => `Nachricht ${number} ü` }));
  describe("as every provider, by lengths", () =>
    gateProviderSuite({
      setup: setup("length"),
      message: (number) => new Uint8Array(1000).fill(number).fill(10, 3, 5),
    }));

  it("raw: passes bytes on as they come", async () => {
    const server = await listen();
    const end = await openTo(server.port, { framing: "raw" });
    const { socket } = await server.connection(0);
    socket.write(new Uint8Array([1, 2, 3]));
    expect(right(await end.receive())).to.deep.equal(new Uint8Array([1, 2, 3]));
    right(await end.send(new Uint8Array([4, 5])));
    right(await end.send("six"));
    await server.until(() => server.connections[0]?.bytes.equals(Buffer.from("\x04\x05six")) ?? false);
  });

  it("lets each end have a connection of its own", async () => {
    const server = await listen();
    const gate = gateTo(server.port);
    for (const text of ["one", "two"]) {
      const end = right(await gate.open(null));
      ends.push(end);
      right(await end.send(text));
    }
    await server.until(() => server.connections.map(({ bytes }) => String(bytes)).join("") === "one\ntwo\n");
    expect(server.connections.length).to.equal(2);
  });

  describe("fault 30: the peer", () => {
    it("absent: a bounded number of tries, then Disconnected", async () => {
      const port = await freePort();
      const error = left(await gateTo(port).open(null));
      expect(error).to.deep.equal({
        tag: "Disconnected",
        gate: "line",
        reason: `ECONNREFUSED 127.0.0.1:${port}, after 3 tries`,
      });
    });

    it("absent and the gate closed: no further try", async () => {
      const gate = gateTo(await freePort(), { retry: { tries: 1000, first: 100_000, longest: 100_000 } });
      const opening = gate.open(null);
      gate.close();
      expect(leftTag(await opening)).to.equal("Closed");
    });

    it("late: one of the later tries finds it", async () => {
      const port = await freePort();
      const opening = gateTo(port, { retry: { tries: 1000, first: 1, longest: 1 } }).open(null);
      await listen(port);
      ends.push(right(await opening));
    });

    it("restarted: those who wait hear of it, the next call connects again", async () => {
      const first = await listen();
      const { port } = first;
      const end = await openTo(port);
      const { socket } = await first.connection(0);
      socket.write("kept\nalso kept\nbegun");
      expect(right(await end.receive())).to.equal("kept");
      const waiting = [end.receive(), end.receive()];
      expect(right(await (waiting[0] as Promise<E.Either<never, Message>>))).to.equal("also kept");
      await first.close();
      expect(leftTag(await (waiting[1] as Promise<E.Either<never, Message>>))).to.equal("Disconnected");
      const second = await listen(port);
      const receiving = end.receive();
      const again = await second.connection(0);
      again.socket.write("whole\n");
      expect(right(await receiving)).to.equal("whole");
      right(await end.send("hello again"));
      await second.until(() => String(again.bytes) === "hello again\n");
      expect(end.reconnected).to.equal(1);
      expect(end.dropped).to.equal("begun".length);
    });

    it("restarted: a send connects again, and sends made meanwhile follow in order", async () => {
      const first = await listen();
      const { port } = first;
      const end = await openTo(port);
      await first.connection(0);
      const waiting = end.receive();
      await first.close();
      expect(leftTag(await waiting)).to.equal("Disconnected");
      const second = await listen(port);
      const answers = await Promise.all(["1", "2", "3"].map(async (text) => end.send(text)));
      expect(answers.every(E.isRight)).to.equal(true);
      right(await end.send("4"));
      await second.until(() => String(second.connections[0]?.bytes) === "1\n2\n3\n4\n");
      end.suspend();
      expect(await end.capture()).to.include({ sent: 4 });
    });

    it("gone for good: what was buffered is received, then every call ends in a typed error", async () => {
      const server = await listen();
      const end = await openTo(server.port);
      const { socket } = await server.connection(0);
      end.suspend();
      const waiting = [end.receive(), end.receive(), end.receive()];
      await new Promise((flushed) => socket.write("1\n2\nun", flushed));
      await end.capture();
      await server.close();
      await end.capture();
      end.resume();
      const answers = await Promise.all(waiting.map(async (each) => each));
      expect(answers.slice(0, 2).map(right)).to.deep.equal(["1", "2"]);
      const [, , third] = answers;
      expect(third !== undefined && E.isLeft(third) && prose(third.left)).to.match(
        /disconnected: .*in the middle of a message of which 2 bytes had come/,
      );
      expect(leftTag(await end.send("x"))).to.equal("Disconnected");
      expect(leftTag(await end.receive())).to.equal("Disconnected");
      await end.close();
      expect(leftTag(await end.send("x"))).to.equal("Closed");
    });

    it("gone with unflushed messages: their senders hear of it", async () => {
      const server = await listen();
      server.deaf = true;
      const end = await openTo(server.port, { framing: "raw" });
      const { socket } = await server.connection(0);
      // More than the kernels take for a peer that does not read.
      const answers = Array.from({ length: 64 }, async () => end.send(new Uint8Array(1 << 20)));
      socket.resetAndDestroy();
      const settled = await Promise.all(answers);
      expect(settled.map((answer) => (E.isLeft(answer) ? answer.left.tag : "sent")).at(-1)).to.equal(
        "Disconnected",
      );
      end.suspend();
      expect((await end.capture()).sent).to.equal(settled.filter(E.isRight).length);
    });
  });

  describe("a state", () => {
    it("holds what has arrived, and of a message begun the bytes", async () => {
      const server = await listen();
      const gate = gateTo(server.port);
      const end = right(await gate.open(null));
      const { socket } = await server.connection(0);
      end.suspend();
      await new Promise((flushed) => socket.write("one\ntwo\r\nthr", flushed));
      const state = await end.capture();
      expect(state).to.deep.equal({
        sent: 0,
        received: 0,
        unread: ["one", "two"],
        partial: new Uint8Array(Buffer.from("thr")),
      });
      await end.close();
      const next = right(await gate.open(state));
      ends.push(next);
      // A new connection does not go on in the middle of a message.
      (await server.connection(1)).socket.write("four\n");
      const received: Message[] = [];
      for (let i = 0; i < 3; i++) received.push(right(await next.receive()));
      expect(received).to.deep.equal(["one", "two", "four"]);
      expect(next.dropped).to.equal(3);
    });

    it("holds more than the bound on the unread, when that much has arrived", async () => {
      const server = await listen();
      const end = await openTo(server.port, { unread: { messages: 4, bytes: 1000 } });
      const { socket } = await server.connection(0);
      end.suspend();
      await new Promise((flushed) => socket.write("x\n".repeat(100), flushed));
      expect((await end.capture()).unread.length).to.equal(100);
      end.resume();
      for (let i = 0; i < 100; i++) right(await end.receive());
    });
  });

  describe("back-pressure", () => {
    it("makes a flooding peer wait, loses nothing, and goes on when there is room", async () => {
      const server = await listen();
      const end = await openTo(server.port, { unread: { messages: 10, bytes: 1000 } });
      const { socket } = await server.connection(0);
      const lines = Array.from({ length: 1000 }, (_, i) => `line ${i} ${".".repeat(1000)}`);
      const chunk = Buffer.from(lines.map((line) => `${line}\n`).join(""));
      // More than the kernels take in our stead, so the peer's own writes have to queue up.
      const rounds = 64;
      let written = 0;
      for (let i = 0; i < rounds; i++) socket.write(chunk, () => (written += 1));
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

    it("makes a sender wait for a peer that does not read", async () => {
      const server = await listen();
      server.deaf = true;
      const end = await openTo(server.port, { framing: "length" });
      const { socket } = await server.connection(0);
      let sent = 0;
      let waiting: Promise<E.Either<unknown, void>> | E.Either<unknown, void>;
      do {
        waiting = end.send(new Uint8Array(1 << 20));
        sent += 1;
      } while (!(waiting instanceof Promise));
      socket.resume();
      right((await waiting) as E.Either<never, void>);
      await server.until(() => server.connections[0]?.bytes.length === sent * ((1 << 20) + 4));
    });
  });

  describe("bounds", () => {
    it("a message too large to arrive ends the gate with that error, after those before it", async () => {
      const server = await listen();
      const end = await openTo(server.port, { message: 10 });
      const { socket } = await server.connection(0);
      socket.write("fits\nthis one does not fit");
      expect(right(await end.receive())).to.equal("fits");
      const error = { tag: "TooLarge", what: "a message of gate line", bytes: 11, limit: 10 };
      expect(left(await end.receive())).to.deep.equal(error);
      expect(left(await end.receive())).to.deep.equal(error);
      expect(left(await end.send("x"))).to.deep.equal(error);
      await server.until(
        () => server.connections[0]?.ended === true || server.connections[0]?.error !== null,
      );
    });

    it("a message that can't be sent is refused, and the gate stays open", async () => {
      const server = await listen();
      const end = await openTo(server.port, { message: 10 });
      expect(leftTag(await end.send("two\nlines"))).to.equal("InvalidArgument");
      expect(leftTag(await end.send("eleven char"))).to.equal("TooLarge");
      right(await end.send("fine"));
      await server.until(() => String(server.connections[0]?.bytes) === "fine\n");
      end.suspend();
      expect(await end.capture()).to.include({ sent: 1 });
    });
  });

  describe("close", () => {
    it("delivers everything to a peer that reads late and goes on talking", async () => {
      const server = await listen();
      server.deaf = true;
      const end = await openTo(server.port, { framing: "length" });
      const { socket } = await server.connection(0);
      const answers: unknown[] = [];
      for (let i = 0; i < 8; i++) answers.push(end.send(new Uint8Array(1 << 20)));
      // Unread on our side: destroyed like this the kernel would reset the connection.
      await new Promise((flushed) => socket.write(encode(new Uint8Array(1000)), flushed));
      const closing = end.close();
      socket.resume();
      const chatter = setInterval(() => socket.write(encode(new Uint8Array(10))), 1);
      await server.until(() => server.connections[0]?.ended === true);
      clearInterval(chatter);
      expect(server.connections[0]?.bytes.length).to.equal(8 * ((1 << 20) + 4));
      expect(server.connections[0]?.error).to.equal(null);
      socket.end();
      await closing;
    });

    it("does not wait for ever for a peer that never ends its side", async () => {
      const server = await listen();
      const end = await openTo(server.port);
      await server.connection(0);
      right(await end.send("bye"));
      await end.close();
      await server.until(() => server.connections[0]?.ended === true);
      expect(String(server.connections[0]?.bytes)).to.equal("bye\n");
    });
  });
});
