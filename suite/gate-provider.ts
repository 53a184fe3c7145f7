// What every gate provider owes its callers. An implementation's spec hands in a fresh provider and whoever
// stands at the other side.

import { expect } from "chai";
import { E } from "../lib/fp.ts";
import type { GateEnd, GateProvider, GateState, Message } from "../runtime/provider/gate/gate-provider.ts";
import { leftTag, right } from "./outcome.ts";

export interface GatePeer {
  /** Sends a message to the end; resolves when it is on its way. */
  say(message: Message): Promise<void>;
  /** The first `count` messages the peer got so far, over all connections; waits for them. */
  heard(count: number): Promise<Message[]>;
  close(): Promise<void>;
}

export interface GateProviderSetup {
  readonly setup: () => Promise<{ readonly provider: GateProvider; readonly peer: GatePeer }>;
  /** A message the gate can carry, another one for each number. */
  readonly message: (number: number) => Message;
  /** Where nothing arrives unasked: what arrives in answer to `message(number)`, whenever the end sends it. */
  readonly answer?: (number: number) => Message;
}

export const gateProviderSuite = ({ setup, message, answer }: GateProviderSetup): void => {
  let provider: GateProvider;
  let peer: GatePeer;
  let end: GateEnd;
  /** Messages sent for the sake of their answers only, before all others. */
  let asked: number;

  beforeEach(async () => {
    ({ provider, peer } = await setup());
    end = right(await provider.open(null));
    asked = 0;
  });
  afterEach(async () => {
    await end.close();
    provider.close();
    await peer.close();
  });

  const messages = (count: number, first = 0): Message[] =>
    Array.from({ length: count }, (_, i) => message(first + i));

  /** Messages as they arrive, numbered like those that bring them along. */
  const arriving = (count: number, first = 0): Message[] =>
    Array.from({ length: count }, (_, i) => (answer ?? message)(first + i));

  /** Makes so many messages arrive. */
  const bring = async (count: number, first = 0): Promise<void> => {
    for (const each of messages(count, first)) {
      if (answer === undefined) await peer.say(each);
      else {
        right(await end.send(each));
        asked += 1;
      }
    }
  };

  /** What the peer heard besides what it was asked. */
  const heard = async (count: number): Promise<Message[]> => (await peer.heard(asked + count)).slice(asked);

  const receive = async (count: number): Promise<Message[]> => {
    const received: Message[] = [];
    for (let i = 0; i < count; i++) received.push(right(await end.receive()));
    return received;
  };

  /** Closes the end and opens another one from `state`. */
  const reopen = async (state: GateState): Promise<void> => {
    await end.close();
    end = right(await provider.open(state));
    end.revived?.();
  };

  it("sends in order, whole", async () => {
    for (const each of messages(50)) right(await end.send(each));
    expect(await heard(50)).to.deep.equal(messages(50));
  });

  it("keeps the order of sends that were not waited for", async () => {
    const answers = await Promise.all(messages(500).map(async (each) => end.send(each)));
    expect(answers.every(E.isRight)).to.equal(true);
    expect(await heard(500)).to.deep.equal(messages(500));
  });

  it("receives in order, whole, by whoever waits longest", async () => {
    const waiting = messages(3).map(() => end.receive());
    await bring(20);
    expect((await Promise.all(waiting.map(async (each) => each))).map(right)).to.deep.equal(arriving(3));
    expect(await receive(17)).to.deep.equal(arriving(17, 3));
  });

  it("counts what was sent and received", async () => {
    await bring(3);
    for (const each of messages(5)) right(await end.send(each));
    await receive(2);
    end.suspend();
    expect(await end.capture()).to.include({ sent: asked + 5, received: 2 });
  });

  it("answers no receive while it is suspended, and loses none", async () => {
    end.suspend();
    let answered = 0;
    const waiting = messages(2).map(async () => {
      const result = await end.receive();
      answered += 1;
      return right(result);
    });
    await bring(2);
    await end.capture();
    // Sending goes on, and that much time has passed for the messages, too.
    right(await end.send(message(7)));
    await heard(1);
    expect(answered).to.equal(0);
    expect(await end.capture()).to.include({ sent: asked + 1, received: 0 });
    end.resume();
    expect(await Promise.all(waiting)).to.deep.equal(arriving(2));
  });

  it("goes on after a capture as if nothing had been", async () => {
    await bring(1);
    end.suspend();
    await end.capture();
    end.resume();
    await bring(1, 1);
    expect(await receive(2)).to.deep.equal(arriving(2));
    right(await end.send(message(2)));
    expect(await heard(1)).to.deep.equal([message(2)]);
  });

  it("is captured only while suspended", async () => {
    let thrown: unknown = null;
    try {
      await end.capture();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).to.be.instanceOf(Error);
  });

  it("comes back at its place in the stream", async () => {
    await bring(10);
    expect(await receive(4)).to.deep.equal(arriving(4));
    right(await end.send(message(0)));
    end.suspend();
    const state = await end.capture();
    await reopen(state);
    expect(await receive(6)).to.deep.equal(arriving(6, 4));
    right(await end.send(message(1)));
    expect(await heard(2)).to.deep.equal(messages(2));
    end.suspend();
    expect(await end.capture()).to.deep.include({
      sent: asked + 2,
      received: 10,
      unread: answer === undefined ? [] : arriving(2),
      partial: new Uint8Array(0),
    });
  });

  it("comes back again and again, at every message", async () => {
    await bring(8);
    for (let n = 0; n < 8; n++) {
      expect(await receive(1)).to.deep.equal(arriving(1, n));
      right(await end.send(message(n)));
      end.suspend();
      await reopen(await end.capture());
    }
    expect(await heard(8)).to.deep.equal(messages(8));
  });

  it("receives first what a state of another provider brings along", async () => {
    end.dismissed?.();
    await reopen({ sent: 3, received: 5, unread: arriving(2), partial: new Uint8Array(0) });
    await bring(1, 2);
    end.suspend();
    expect((await end.capture()).unread.slice(0, 2)).to.deep.equal(arriving(2));
    end.resume();
    expect(await receive(3)).to.deep.equal(arriving(3));
  });

  it("answers Closed after close, to those who wait, too", async () => {
    const waiting = end.receive();
    await end.close();
    expect(leftTag(await waiting)).to.equal("Closed");
    expect(leftTag(await end.receive())).to.equal("Closed");
    expect(leftTag(await end.send(message(0)))).to.equal("Closed");
    await end.close();
  });

  it("delivers what was sent before its close", async () => {
    const large = messages(200);
    const answers = large.map((each) => end.send(each));
    for (const each of answers) right(await each);
    await end.close();
    expect(await heard(200)).to.deep.equal(large);
  });

  it("is closed with its provider", async () => {
    const waiting = end.receive();
    provider.close();
    expect(leftTag(await waiting)).to.equal("Closed");
    expect(leftTag(await provider.open(null))).to.equal("Closed");
  });

  it("takes no part in what becomes of the sender's bytes", async () => {
    const given = message(0);
    if (typeof given === "string") return;
    const sending = end.send(given);
    const meant = given.slice();
    given.fill(0);
    right(await sending);
    expect(await heard(1)).to.deep.equal([meant]);
  });
};
