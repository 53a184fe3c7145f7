// The law of pairs: whatever is sent at either end arrives at the other one, once and in order, however often the wire is
// cut, and whichever end is frozen and revived meanwhile.

import { setTimeout as pause } from "node:timers/promises";
import { serialize, deserialize } from "node:v8";
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../../lib/fp.ts";
import { Conversation } from "../../../runtime/provider/gate/conversation.ts";
import type {
  GateEnd,
  GateProvider,
  GateState,
  Message,
} from "../../../runtime/provider/gate/gate-provider.ts";
import { pairedTcpGate, pairedTcpListener } from "../../../runtime/provider/gate/tcp.ts";
import { right } from "../outcome.ts";
import { CuttingProxy, type Cut } from "./cutting-proxy.ts";

const host = "127.0.0.1";
const retry = { tries: 10_000, first: 1, longest: 2 };
const bound = { messages: 4, bytes: 2000 };

type Stop = "freeze" | "failed freeze" | "failed revival";

/** What a component of the specs does with its end. */
type Act =
  | { readonly act: "send"; readonly sizes: readonly number[]; readonly waits: boolean }
  /** Frozen, and revived after so many ms. Or a freeze that fails after the capture; or a revival that fails after the gate
   *  was opened, and is tried again. The wire may be cut while the component stands still. */
  | { readonly act: Stop; readonly rests: number; readonly cut: boolean }
  | { readonly act: "rest"; readonly rests: number };

const passes = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((pass) => setImmediate(pass));
};

/** As it would be in another process. */
const travelled = (state: GateState): GateState => {
  const copy = deserialize(serialize(state)) as GateState;
  const unread = copy.unread.map((each) => (typeof each === "string" ? each : new Uint8Array(each)));
  const conversation = copy.conversation!;
  const unacknowledged = conversation.unacknowledged.map((each) =>
    typeof each === "string" ? each : new Uint8Array(each),
  );
  const whole = {
    ...copy,
    unread,
    partial: new Uint8Array(copy.partial),
    conversation: { ...conversation, unacknowledged },
  };
  expect(Conversation.is(whole.conversation)).to.equal(true);
  return whole;
};

class Component {
  readonly name: string;
  readonly sent: Message[] = [];
  readonly received: Message[] = [];
  readonly #make: () => GateProvider;
  #provider: GateProvider;
  #end!: GateEnd;
  #sending: Promise<unknown>[] = [];
  #heard: () => void = () => {};
  #running = true;
  /** Cuts the wire. */
  cut: () => void = () => {};

  constructor(name: string, make: () => GateProvider) {
    this.name = name;
    this.#make = make;
    this.#provider = make();
  }

  get provider(): GateProvider {
    return this.#provider;
  }

  async open(): Promise<void> {
    this.#end = right(await this.#provider.open(null));
    void this.#receive();
  }

  /** Receives one by one, as long as it lives; a receive that a freeze interrupts is issued again. */
  async #receive(): Promise<void> {
    while (this.#running) {
      const end = this.#end;
      const message = await end.receive();
      if (E.isRight(message)) this.received.push(message.right);
      else if (message.left.tag !== "Closed")
        throw new Error(`${this.name} heard ${JSON.stringify(message.left)}`);
      else while (this.#running && end === this.#end) await passes(1);
      this.#heard();
      // A slow one, at times.
      if (this.received.length % 5 === 0) await passes(3);
    }
  }

  async play(acts: readonly Act[]): Promise<void> {
    for (const act of acts) {
      if (act.act === "send") await this.#send(act.sizes, act.waits);
      else if (act.act === "rest") await passes(act.rests);
      else await this.#freeze(act.act, act.rests, act.cut ? this.cut : () => {});
    }
    (await Promise.all(this.#sending)).forEach((answer) => right(answer as E.Either<never, void>));
  }

  async #send(sizes: readonly number[], waits: boolean): Promise<void> {
    for (const size of sizes) {
      const number = this.sent.length;
      const message: Message =
        number % 3 === 0
          ? `${this.name} ${number} ${"ü".repeat(size / 2)}`
          : new Uint8Array(size).fill(number);
      this.sent.push(message);
      const answer = this.#end.send(message);
      if (waits) right(await answer);
      else this.#sending.push(Promise.resolve(answer));
    }
  }

  /** As the runtime does it: sends are drained, then all stands still. */
  async #freeze(how: Stop, rests: number, cut: () => void): Promise<void> {
    this.#end.hasten?.();
    (await Promise.all(this.#sending.splice(0))).forEach((answer) => right(answer as E.Either<never, void>));
    this.#end.suspend();
    const state = travelled(await this.#end.capture());
    await pause(rests);
    cut();
    await pause(rests);
    if (how === "failed freeze") return this.#end.resume();
    await this.#end.close();
    this.#provider.close();
    if (how === "failed revival") {
      this.#provider = this.#make();
      const end = right(await this.#provider.open(state));
      await pause(rests);
      cut();
      await pause(rests);
      await end.close();
      this.#provider.close();
    }
    this.#provider = this.#make();
    this.#end = right(await this.#provider.open(state));
    this.#end.revived?.();
  }

  heard(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const missing = (): Error => new Error(`${this.name} has heard ${this.received.length} of ${count}`);
      setTimeout(() => reject(missing()), 20_000).unref();
      this.#heard = () => {
        if (this.received.length >= count) resolve();
      };
      this.#heard();
    });
  }

  async close(): Promise<void> {
    this.#running = false;
    await this.#end.close();
    this.#provider.close();
  }
}

const stop: fc.Arbitrary<Stop> = fc.constantFrom("freeze", "freeze", "failed freeze", "failed revival");
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant("send" as const),
      sizes: fc.array(fc.nat(900), { maxLength: 12 }),
      waits: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: stop, rests: fc.nat(10), cut: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("rest" as const), rests: fc.nat(50) }) },
);
const cut: fc.Arbitrary<Cut> = fc.record({
  after: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 6000 })),
  reset: fc.boolean(),
  piece: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(65536)),
  late: fc.nat(2),
});

describe("law of pairs", () => {
  it("fault 7: whatever is cut or frozen, both ends receive what was sent, once and in order", async function () {
    this.timeout(120_000);
    let cuts = 0;
    const schedule = fc.record({
      caller: fc.array(act, { maxLength: 8 }),
      called: fc.array(act, { maxLength: 8 }),
      cuts: fc.array(cut, { maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(schedule, async (given) => {
        let port = 0;
        const called = new Component("called", () =>
          pairedTcpListener({ name: "called", host, port, retry, unread: bound }),
        );
        await called.open();
        port = (called.provider as ReturnType<typeof pairedTcpListener>).port!;
        const proxy = await CuttingProxy.listen(port, given.cuts);
        const caller = new Component("caller", () =>
          pairedTcpGate({ name: "caller", host, port: proxy.port, retry, unread: bound }),
        );
        called.cut = caller.cut = () => proxy.cut();
        await caller.open();
        await Promise.all([caller.play(given.caller), called.play(given.called)]);
        await Promise.all([caller.heard(called.sent.length), called.heard(caller.sent.length)]);
        await passes(20);
        expect(called.received).to.deep.equal(caller.sent);
        expect(caller.received).to.deep.equal(called.sent);
        cuts += proxy.done;
        await caller.close();
        await called.close();
        await proxy.close();
      }),
      { numRuns: 60, endOnFailure: true },
    );
    expect(cuts, "cut connections").to.be.above(30);
  });
});
