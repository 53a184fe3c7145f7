// Who the two ends of a pair are, and what becomes of one when the other is late, gone, somebody else, or hostile.
import { connect } from "node:net";
import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import type {
  GateEnd,
  GateProvider,
  GateState,
  Message,
} from "../../../runtime/provider/gate/gate-provider.ts";
import type { PairedOptions } from "../../../runtime/provider/gate/paired-gate.ts";
import type { ListeningGate } from "../../../runtime/provider/gate/stream-gate.ts";
import { pairedTcpGate, pairedTcpListener } from "../../../runtime/provider/gate/tcp.ts";
import { freePort } from "../../free-port.ts";
import { left, leftTag, right } from "../outcome.ts";
import { Caller } from "./caller.ts";
import { CuttingProxy } from "./cutting-proxy.ts";
import { TcpPeer } from "./tcp-peer.ts";

const host = "127.0.0.1";
const retry = { tries: 3, first: 1, longest: 2 };
const patient = { tries: 10_000, first: 1, longest: 2 };

describe("a pair of gates: its ends", () => {
  const gates: GateProvider[] = [];
  const ends: GateEnd[] = [];
  const closing: (() => unknown)[] = [];

  const listener = (options: Partial<PairedOptions> & { port?: number } = {}): ListeningGate => {
    const gate = pairedTcpListener({ name: "called", host, port: 0, retry, farewell: 200, ...options });
    gates.push(gate);
    return gate;
  };
  const caller = (port: number, options: Partial<PairedOptions> = {}): GateProvider => {
    const gate = pairedTcpGate({ name: "caller", host, port, retry, farewell: 200, ...options });
    gates.push(gate);
    return gate;
  };
  const opened = async (gate: GateProvider, state: GateState | null = null): Promise<GateEnd> => {
    const end = right(await gate.open(state));
    end.revived?.();
    end.noted?.();
    ends.push(end);
    return end;
  };
  /** Two ends that have met. */
  const pair = async (options: Partial<PairedOptions> = {}) => {
    const gate = listener(options);
    const called = await opened(gate);
    const port = gate.port!;
    const calling = caller(port, options);
    return { gate, called, port, calling, caller: await opened(calling) };
  };
  const receive = async (end: GateEnd, count: number): Promise<Message[]> => {
    const received: Message[] = [];
    for (let i = 0; i < count; i++) received.push(right(await end.receive()));
    return received;
  };
  const captured = async (end: GateEnd): Promise<GateState> => {
    end.suspend();
    const state = await end.capture();
    end.resume();
    return state;
  };
  /** As a freeze does it: the state, and the end is closed. */
  const frozen = async (end: GateEnd): Promise<GateState> => {
    end.suspend();
    const state = await end.capture();
    await end.close();
    return state;
  };
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await holds())) await new Promise((pass) => setImmediate(pass));
  };
  /** Until a count has begun to grow and grows no more. */
  const still = async (count: () => number): Promise<void> => {
    for (let last = -1; last !== count() || last === 0;) {
      last = count();
      for (let i = 0; i < 50; i++) await new Promise((pass) => setImmediate(pass));
    }
  };
  const denied = (label: string, reason: string): object => ({
    tag: "Denied",
    service: "Gate",
    label,
    reason,
  });

  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    for (const end of ends.splice(0)) {
      end.suspend();
      await end.close();
    }
    for (const gate of gates.splice(0)) gate.close();
  });

  describe("fault 30: the other end", () => {
    it("absent: so many tries, then Disconnected", async () => {
      const port = await freePort();
      expect(left(await caller(port).open(null))).to.deep.equal({
        tag: "Disconnected",
        gate: "caller",
        reason: `ECONNREFUSED 127.0.0.1:${port}, after 3 tries`,
      });
    });

    it("absent and the gate closed: no further try", async () => {
      const gate = caller(await freePort(), { retry: { tries: 1000, first: 100_000, longest: 100_000 } });
      const opening = gate.open(null);
      gate.close();
      expect(leftTag(await opening)).to.equal("Closed");
    });

    it("late: one of the later tries finds it", async () => {
      const port = await freePort();
      const opening = caller(port, { retry: patient }).open(null);
      const called = await opened(listener({ port }));
      const end = right(await opening);
      ends.push(end);
      right(await end.send("hello"));
      expect(await receive(called, 1)).to.deep.equal(["hello"]);
    });

    it("frozen for a while: calls wait, in either direction, and in whatever order the two come back", async () => {
      for (const first of ["caller", "called"]) {
        const both = await pair({ retry: patient });
        right(await both.caller.send("1"));
        expect(await receive(both.called, 1)).to.deep.equal(["1"]);
        const [callerState, calledState] = [await frozen(both.caller), await frozen(both.called)];
        const back = {
          caller: () => opened(caller(both.port, { retry: patient }), callerState),
          called: () => opened(listener({ port: both.port, retry: patient }), calledState),
        };
        const one = await back[first as "caller"]();
        const waiting = one.receive();
        right(await one.send("from the first"));
        const other = await back[first === "caller" ? "called" : "caller"]();
        right(await other.send("from the second"));
        expect(right(await waiting)).to.equal("from the second");
        expect(await receive(other, 1)).to.deep.equal(["from the first"]);
        expect([one.changed, other.changed]).to.deep.equal([undefined, undefined]);
      }
    });

    it("away for longer than the patience: Disconnected to those who wait, and the next call waits again", async () => {
      const both = await pair({ patience: 20, unread: { messages: 1, bytes: 1000 }, retry: patient });
      const state = await frozen(both.called);
      right(await both.caller.send("kept"));
      const answers = await Promise.all([both.caller.receive(), both.caller.send("waits for room")]);
      for (const answer of answers as E.Either<never, unknown>[]) {
        expect(left(answer)).to.include({ tag: "Disconnected", gate: "caller" });
        expect(left(answer))
          .to.have.property("reason")
          .that.matches(/, for 20 ms$/);
      }
      const back = await opened(listener({ port: both.port, retry: patient }), state);
      right(await both.caller.send("again"));
      expect(await receive(back, 2)).to.deep.equal(["kept", "again"]);
    });

    it("vanished without a word: noticed, and another connection takes over", async () => {
      const gate = listener({ pulse: 20 });
      const called = await opened(gate);
      const proxy = await CuttingProxy.listen(gate.port!, []);
      closing.push(() => proxy.close());
      const end = await opened(caller(proxy.port, { pulse: 20, retry: patient }));
      proxy.mute();
      right(await end.send("said into the void"));
      expect(await receive(called, 1)).to.deep.equal(["said into the void"]);
      expect(end.reconnected).to.be.above(0);
    });
  });

  describe("somebody else", () => {
    it("another Cryonode end: Denied, and the conversation goes on as if nothing had been", async () => {
      const both = await pair();
      right(await both.called.send("for the right one"));
      expect(left(await caller(both.port).open(null))).to.deep.equal(
        denied("caller", "the end there and this one belong to different conversations"),
      );
      expect(await receive(both.caller, 1)).to.deep.equal(["for the right one"]);
      right(await both.caller.send("still here"));
      expect(await receive(both.called, 1)).to.deep.equal(["still here"]);
      expect(both.called.reconnected).to.equal(0);
    });

    it("another end at the other one's place: those who wait are Denied, and the conversation is kept", async () => {
      const both = await pair({ retry: patient });
      right(await both.called.send("1"));
      expect(await receive(both.caller, 1)).to.deep.equal(["1"]);
      const state = await frozen(both.called);
      const thief = await opened(listener({ port: both.port, retry: patient }));
      right(await both.caller.send("2"));
      expect(left(await both.caller.receive())).to.deep.equal(
        denied("caller", "the end there and this one belong to different conversations"),
      );
      await thief.close();
      const back = await opened(listener({ port: both.port, retry: patient }), state);
      const waiting = both.caller.receive();
      expect(await receive(back, 1)).to.deep.equal(["2"]);
      right(await back.send("3"));
      expect(right(await waiting)).to.equal("3");
    });

    it("strangers at the listener, silent or loud: the right one is served meanwhile", async () => {
      const gate = listener({ retry: { ...retry, connect: 50 } });
      const called = await opened(gate);
      const strangers = Array.from({ length: 12 }, () => new Caller(gate.port!));
      closing.push(() => strangers.forEach(({ socket }) => socket.destroy()));
      for (const [i, stranger] of strangers.entries())
        if (i % 2 === 0) await stranger.write("GET / HTTP/1.1\r\n\r\n");
      const end = await opened(caller(gate.port!));
      right(await end.send("hello"));
      expect(await receive(called, 1)).to.deep.equal(["hello"]);
      for (const stranger of strangers) await stranger.until(() => stranger.ended || stranger.closed);
      expect(strangers.map(({ text }) => text).join("")).to.equal("");
    });

    it("a server that is none of ours: Disconnected, with what it did", async () => {
      const loud = await TcpPeer.listen();
      closing.push(() => loud.close());
      void (async () => {
        for (let i = 0; ; i++) (await loud.connection(i)).socket.write("220 mail ready\r\n");
      })();
      expect(left(await caller(loud.port).open(null))).to.deep.include({
        reason: "what it sent is no greeting of a Cryonode end, after 3 tries",
      });
      const silent = await TcpPeer.listen();
      closing.push(() => silent.close());
      expect(
        left(await caller(silent.port, { retry: { ...retry, connect: 20 } }).open(null)),
      ).to.deep.include({
        reason: "it did not greet in time, after 3 tries",
      });
    });

    it("an end of another size: Denied", async () => {
      const gate = listener({ message: 1000 });
      await opened(gate);
      expect(left(await caller(gate.port!, { message: 2000 }).open(null))).to.deep.equal(
        denied("caller", "the two ends allow messages of different sizes"),
      );
    });
  });

  describe("an image that is older than the conversation", () => {
    it("of the caller: its revival is Denied, whatever was said since, and nothing changes", async () => {
      for (const say of ["caller", "called"] as const) {
        const both = await pair();
        const old = await captured(both.caller);
        right(await both[say].send("since"));
        expect(await receive(both[say === "caller" ? "called" : "caller"], 1)).to.deep.equal(["since"]);
        // It was acknowledged, too.
        await until(async () => (await captured(both[say])).conversation?.unacknowledged.length === 0);
        const state = await frozen(both.caller);
        expect(left(await caller(both.port).open(old))).to.deep.equal(
          denied("caller", "this end was revived from an image that is older than the conversation"),
        );
        const back = await opened(caller(both.port), state);
        right(await back.send("goes on"));
        expect(await receive(both.called, 1)).to.deep.equal(["goes on"]);
      }
    });

    it("of the called: both hear of it", async () => {
      const both = await pair({ retry: patient });
      const old = await captured(both.called);
      right(await both.called.send("since"));
      expect(await receive(both.caller, 1)).to.deep.equal(["since"]);
      await both.called.close();
      const back = await opened(listener({ port: both.port, retry: patient }), old);
      const older = (who: string): object =>
        denied(
          who === "this" ? "called" : "caller",
          `${who} end was revived from an image that is older than the conversation`,
        );
      expect(left(await back.receive())).to.deep.equal(older("this"));
      expect(left(await both.caller.receive())).to.deep.equal(
        denied("caller", "the other end was revived from an image that is older than the conversation"),
      );
    });

    it("with nothing said since: it goes on", async () => {
      const both = await pair();
      right(await both.caller.send("1"));
      expect(await receive(both.called, 1)).to.deep.equal(["1"]);
      const old = await captured(both.caller);
      both.caller.suspend();
      await both.caller.close();
      const back = await opened(caller(both.port), old);
      right(await back.send("2"));
      expect(await receive(both.called, 1)).to.deep.equal(["2"]);
    });

    it("law 5: an earlier incarnation is turned away once a later one was there", async () => {
      const both = await pair({ retry: patient });
      const state = await frozen(both.caller);
      await opened(caller(both.port), state);
      const stale = {
        ...state,
        conversation: { ...state.conversation!, epoch: state.conversation!.epoch - 1 },
      };
      expect(left(await caller(both.port).open(stale))).to.deep.equal({
        ...{ tag: "Stale", service: "Gate", label: "caller", latest: 0, host: "" },
        epoch: state.conversation!.epoch,
      });
    });
  });

  describe("closed for good", () => {
    it("all that was sent arrives first; then the other end hears of it, once, and another one may come", async () => {
      const both = await pair();
      for (const text of ["1", "2", "3"]) right(await both.caller.send(text));
      both.caller.dismissed?.();
      await both.caller.close();
      expect(left(await caller(both.port).open(null))).to.deep.equal({
        ...denied("caller", "the component there has not heard yet that its last conversation is over"),
      });
      expect(left((await both.called.send("x")) as never)).to.include({ tag: "Disconnected" });
      expect(await receive(both.called, 3)).to.deep.equal(["1", "2", "3"]);
      const over = { tag: "Disconnected", gate: "called", reason: "the other end has closed the gate" };
      expect(left(await both.called.receive())).to.deep.equal(over);
      const next = await opened(caller(both.port));
      right(await next.send("a new one"));
      expect(await receive(both.called, 1)).to.deep.equal(["a new one"]);
      expect(await captured(both.called)).to.include({ received: 4 });
    });

    it("by the called: a caller begins anew with whoever is there at its next call", async () => {
      const both = await pair({ retry: patient });
      right(await both.called.send("last words"));
      both.called.dismissed?.();
      await both.called.close();
      expect(await receive(both.caller, 1)).to.deep.equal(["last words"]);
      expect(leftTag(await both.caller.receive())).to.equal("Disconnected");
      const other = await opened(listener({ port: both.port, retry: patient }));
      right(await both.caller.send("who are you"));
      expect(await receive(other, 1)).to.deep.equal(["who are you"]);
    });

    it("frozen between the end and the hearing of it: it is heard after the revival", async () => {
      const both = await pair();
      right(await both.caller.send("1"));
      both.caller.dismissed?.();
      await both.caller.close();
      const state = await frozen(both.called);
      const back = await opened(listener({ port: both.port }), state);
      expect(await receive(back, 1)).to.deep.equal(["1"]);
      expect(leftTag(await back.receive())).to.equal("Disconnected");
    });

    it("with messages of the other end on their way: it hears how many did not arrive", async () => {
      const both = await pair({ unread: { messages: 2, bytes: 1000 } });
      for (let i = 0; i < 2; i++) right(await both.called.send(String(i)));
      both.caller.dismissed?.();
      await both.caller.close();
      expect(left(await both.called.receive())).to.deep.include({
        reason: "the other end has closed the gate, and 2 messages had not arrived there",
      });
    });

    it("while the other end is away: so long and no longer", async () => {
      const both = await pair();
      await frozen(both.called);
      right(await both.caller.send("lost in the end"));
      both.caller.dismissed?.();
      await both.caller.close();
    });
  });

  describe("back-pressure", () => {
    const unread = { messages: 4, bytes: 1000 };

    it("a sender waits when nobody receives, and goes on when somebody does", async () => {
      const both = await pair({ unread });
      let answered = 0;
      const sending = (async () => {
        for (let i = 0; i < 100; i++) {
          right(await both.caller.send(String(i)));
          answered += 1;
        }
      })();
      await still(() => answered);
      // Unread there, and as many again unacknowledged here.
      expect(answered).to.be.at.most(9);
      expect(await receive(both.called, 100)).to.deep.equal(Array.from({ length: 100 }, (_, i) => String(i)));
      await sending;
    });

    it("whoever does not receive may still send: the two directions do not hinder each other", async () => {
      const both = await pair({ unread });
      const flood = Promise.all(Array.from({ length: 50 }, async (_, i) => both.called.send(`flood ${i}`)));
      for (let i = 0; i < 100; i++) {
        right(await both.caller.send(String(i)));
        expect(right(await both.called.receive())).to.equal(String(i));
      }
      await receive(both.caller, 50);
      (await flood).forEach((answer) => right(answer));
    });

    it("a send waits while there is no connection, too; a freeze does not wait for it, and loses nothing", async () => {
      const both = await pair({ unread, retry: patient });
      await frozen(both.called).then((state) => closing.push(() => state));
      const sends = Array.from({ length: 20 }, (_, i) => Promise.resolve(both.caller.send(String(i))));
      const answered = { count: 0 };
      for (const send of sends) void send.then(() => (answered.count += 1));
      for (let i = 0; i < 50; i++) await new Promise((pass) => setImmediate(pass));
      expect(answered.count).to.equal(4);
      both.caller.hasten?.();
      for (const send of sends) right(await send);
      const state = await frozen(both.caller);
      expect(state.conversation?.unacknowledged).to.have.length(20);
    });

    it("a message over the bound is refused, and changes nothing", async () => {
      const both = await pair({ message: 10 });
      expect(left((await both.caller.send("x".repeat(11))) as never)).to.deep.equal({
        tag: "TooLarge",
        what: "a message of gate caller",
        bytes: 11,
        limit: 10,
      });
      expect(leftTag((await both.caller.send("\ud800")) as never)).to.equal("InvalidArgument");
      right(await both.caller.send("fits"));
      expect(await receive(both.called, 1)).to.deep.equal(["fits"]);
    });
  });

  it("an acknowledgement waits until it is told, where that was asked for", async () => {
    const gate = listener({ acknowledge: "told" });
    const called = await opened(gate);
    const end = await opened(caller(gate.port!, { retry: patient }));
    for (const text of ["1", "2", "3"]) right(await end.send(text));
    expect(await receive(called, 3)).to.deep.equal(["1", "2", "3"]);
    expect((await captured(end)).conversation?.unacknowledged).to.deep.equal(["1", "2", "3"]);
    called.acknowledge?.(2);
    await until(async () => (await captured(end)).conversation?.unacknowledged.length === 1);
    // More than has arrived is not acknowledged, and never less than before.
    called.acknowledge?.(99);
    called.acknowledge?.(0);
    await until(async () => (await captured(end)).conversation?.unacknowledged.length === 0);
  });

  it("nobody is told of an end, or that it has left, before that is safe, where that was asked for", async () => {
    const gate = listener({ acknowledge: "told" });
    const called = right(await gate.open(null));
    ends.push(called);
    const early = caller(gate.port!, { retry: { ...retry, connect: 100 } });
    expect(leftTag(await early.open(null))).equal("Disconnected");
    called.noted?.();
    const end = await opened(caller(gate.port!, { retry: patient }));
    right(await end.send("1"));
    expect(await receive(called, 1)).to.deep.equal(["1"]);
    called.acknowledge?.(1);
    end.dismissed?.();
    let isOver = false;
    const over = Promise.resolve(end.close()).then(() => (isOver = true));
    expect(leftTag(await called.receive())).equal("Disconnected");
    // What began with that answer is not known yet, nor that the owner has heard.
    expect(called.begun?.()).match(/^[0-9a-f]{32}$/);
    expect(isOver).equal(false);
    called.noted?.();
    await over;
  });

  it("a receiver that died before it was told what is safe gets it again from its last safe state", async () => {
    const gate = listener({ acknowledge: "told", retry: patient });
    const called = await opened(gate);
    const port = gate.port!;
    const end = await opened(caller(port, { retry: patient }));
    right(await end.send("1"));
    expect(await receive(called, 1)).to.deep.equal(["1"]);
    const safe = await captured(called);
    called.acknowledge?.(1);
    for (const text of ["2", "3"]) right(await end.send(text));
    expect(await receive(called, 2)).to.deep.equal(["2", "3"]);
    called.suspend();
    await called.close();
    const back = await opened(listener({ port, acknowledge: "told", retry: patient }), safe);
    expect(await receive(back, 2)).to.deep.equal(["2", "3"]);
  });

  it("goes on only where the settings of today let it", async () => {
    const both = await pair();
    await frozen(both.called);
    right(await both.caller.send("x".repeat(100)));
    const state = await frozen(both.caller);
    expect(left(await caller(both.port, { message: 99 }).open(state))).to.include({
      tag: "TooLarge",
      bytes: 100,
    });
  });

  describe("fault 42: a peer that", () => {
    const u48 = (number: number): Buffer => {
      const bytes = Buffer.alloc(6);
      bytes.writeUIntBE(number, 0, 6);
      return bytes;
    };
    const frame = (kind: number, ...parts: Uint8Array[]): Buffer => {
      const body = Buffer.concat(parts);
      const head = Buffer.alloc(5);
      head.writeUInt8(kind, 0);
      head.writeUInt32BE(body.length, 1);
      return Buffer.concat([head, body]);
    };
    const u32 = (number: number): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(number);
      return bytes;
    };
    /** A hello by hand. */
    const hello = (self: string, sent: number, received: number): Buffer =>
      frame(
        1,
        Buffer.from("cryonode\0\x01", "latin1"),
        Buffer.from(self, "hex"),
        u32(1),
        Buffer.alloc(16),
        u32(0),
        ...[sent, 0, received].map(u48),
        ...[1024 * 1024, 256, 1024 * 1024].map(u32),
      );
    const self = "5".repeat(32);
    const text = (number: number, content: string): Buffer =>
      frame(4, u48(number), Buffer.from([1]), Buffer.from(content));
    const rows: readonly (readonly [what: string, ...after: Buffer[]])[] = [
      ["skips a message", text(2, "x")],
      ["acknowledges what was never sent", frame(5, u48(1))],
      ["greets twice", hello(self, 0, 0)],
      ["agrees twice", frame(2)],
      ["sends what is no frame", Buffer.from("hello")],
      ["sends a message without end", frame(4, u48(1), Buffer.from([1]), Buffer.alloc(1024 * 1024 + 1))],
    ];
    for (const [what, ...after] of rows)
      it(`${what} loses its connection, and may come back and behave`, async () => {
        const gate = listener();
        const called = await opened(gate);
        const bad = new Caller(gate.port!);
        await bad.write(Buffer.concat([hello(self, 0, 0), frame(2), ...after]));
        await bad.until(() => bad.closed || bad.ended);
        bad.socket.destroy();
        const good = connect({ host, port: gate.port! });
        closing.push(() => good.destroy());
        good.on("error", () => {});
        good.write(Buffer.concat([hello(self, 1, 0), frame(2), text(1, "right")]));
        expect(await receive(called, 1)).to.deep.equal(["right"]);
      });

    it("greets with numbers that can't be is refused", async () => {
      const gate = listener();
      await opened(gate);
      const bad = new Caller(gate.port!);
      await bad.write(hello(self, 0, 5));
      await bad.until(() => bad.closed || bad.ended);
      expect([...bad.bytes]).to.deep.equal([3, 0, 0, 0, 1, 4]);
      bad.socket.destroy();
    });
  });
});
