// A pinned peer that says anything the protocol has words for, in any order, as a caller and as the one who is called: what
// has no place is refused, and nothing changes.
import type { Duplex } from "node:stream";
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import { frameHead } from "../../runtime/migrate/frame.ts";
import { duplexPair } from "../../runtime/migrate/local-link.ts";
import {
  encodeMessage,
  MESSAGE_KINDS,
  PROTOCOL,
  type Message,
  type MessageKind,
} from "../../runtime/migrate/message.ts";
import { openStage, twoHosts, type End, type Stage, type TwoHosts } from "./two-hosts.ts";

const BODY = `for (let n = 1; ; n++) { await log.write("count " + n); await timer.sleep(2); }`;
const PEER = "00000000-0000-4000-8000-000000000000";
/** What a host waits for a word, in ms. */
const SILENCE = 100;

const small = fc.oneof(fc.nat(3), fc.constant(65536), fc.nat());
const names = fc.oneof(fc.constant(["counter"]), fc.constant(["counter", "other"]), fc.constant([]));
const task = fc.oneof(fc.constant(PEER), fc.uuid());
const text = fc.constant("because");
const version = fc.oneof(fc.constant(PROTOCOL), fc.nat(3));

/** Anything of each kind. */
const SAID: { readonly [K in MessageKind]: fc.Arbitrary<Extract<Message, { kind: K }>> } = (() => {
  const of = <K extends MessageKind>(kind: K, fields: Record<string, fc.Arbitrary<unknown>> = {}) =>
    fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<
      Extract<Message, { kind: K }>
    >;
  const generations = fc.array(small, { maxLength: 3 });
  return {
    hello: of("hello", { cryonode: version, host: text }),
    information: of("information", { names }),
    receive: of("receive", { task }),
    transfer: of("transfer", { names }),
    initialize: of("initialize", { names }),
    carry: of("carry", { version }),
    carrying: of("carrying", { version }),
    informed: of("informed", {
      ...{ host: text, wordSize: small, byteOrder: text, engines: fc.constant([]), format: small },
      ...{ compression: fc.constant([]), tasks: fc.constant([]) },
    }),
    initialized: of("initialized", { generations }),
    accepted: of("accepted"),
    refused: of("refused", { name: text, reason: text }),
    table: of("table", { traveler: small, memoryBytes: small, asks: fc.boolean() }),
    lacking: of("lacking"),
    chunks: of("chunks", {
      stored: fc.array(small, { maxLength: 3 }),
      pages: fc.array(small, { maxLength: 3 }),
    }),
    round: of("round", { number: small }),
    settled: of("settled", { number: small }),
    container: of("container", { total: small, at: small }),
    seal: of("seal"),
    prepared: of("prepared", { task }),
    released: of("released", { task }),
    activated: of("activated", { task, generations, ms: small }),
    stranded: of("stranded", { task, reason: text }),
    inquire: of("inquire", { task }),
    verdict: of("verdict", { task, verdict: fc.constantFrom("released", "kept", "undecided") }),
    confirm: of("confirm", { task }),
    noted: of("noted", { task }),
    taken: of("taken", { task, generations }),
    overtaken: of("overtaken", {
      task,
      travelers: fc.array(fc.record({ identity: task, generation: small }), { maxLength: 3 }),
    }),
    carried: of("carried", { total: small, at: small }),
    abandon: of("abandon", { reason: text }),
    alive: of("alive"),
  };
})();

const frameOf = (message: Message, body: Uint8Array = new Uint8Array()): Buffer =>
  Buffer.concat([frameHead(encodeMessage(message), body.length), body]);

const frame = fc
  .tuple(fc.oneof(...MESSAGE_KINDS.map((kind) => SAID[kind] as fc.Arbitrary<Message>)), fc.uint8Array())
  .map(([message, body]) => frameOf(message, body));

const HELLO = frameOf({ kind: "hello", cryonode: PROTOCOL, host: "there" });

/** A greeting, and then whatever there are words for. */
const talk = fc
  .array(frame, { minLength: 1, maxLength: 6 })
  .map((frames) => Buffer.concat([HELLO, ...frames]));

/** As far as a sink comes that says what is expected of it, of its own; then anything. */
const sinkTalk = fc
  .tuple(fc.nat(3), fc.uint8Array({ maxLength: 40 }), talk)
  .map(([steps, wanted, anything]) => {
    const begun = [
      frameOf({ kind: "accepted" }),
      frameOf({ kind: "lacking" }, wanted),
      frameOf({ kind: "settled", number: 0 }),
    ];
    return Buffer.concat([HELLO, ...begun.slice(0, steps), anything.subarray(HELLO.length)]);
  });

describe("a peer that says anything", () => {
  let stage: Stage;
  let hosts: TwoHosts;

  before(async () => {
    stage = await openStage();
    hosts = twoHosts(stage, {
      body: BODY,
      silence: SILENCE,
      may: { here: ["receive", "transfer", "initialize"], there: ["receive", "transfer"] },
    });
    await hosts.start("counter");
    await hosts.until("count 2");
  });
  after(async () => {
    await hosts.close();
    await stage.close();
  });

  const nothingChanged = async (free: object): Promise<void> => {
    expect(hosts.homes("counter")).to.deep.equal(["here"]);
    expect(hosts.there.live.free).to.deep.equal(free);
    expect([...hosts.here.thread.doubts, ...hosts.there.thread.doubts]).to.deep.equal([]);
    const { log } = hosts;
    await hosts.until(`count ${log.length + 1}`);
    expect(log).to.deep.equal(log.map((_, i) => `count ${i + 1}`));
  };

  /** Says all of it, and hears nothing of what is said. */
  const pour = (into: Duplex, bytes: Buffer): void => {
    into.on("data", () => {});
    into.on("error", () => {});
    into.write(bytes);
    into.end();
  };

  for (const role of ["here", "there"] as const)
    it(`faults 17 to 19 and 37: as a caller, to the host that ${role === "here" ? "has" : "does not have"} the component`, async function () {
      this.timeout(120_000);
      const { free } = hosts.there.live;
      const host: End = hosts[role];
      await fc.assert(
        fc.asyncProperty(talk, async (bytes) => {
          const [own, far] = duplexPair();
          const channel = new Channel(far, { peer: "there", silence: SILENCE });
          const served = host.thread.serve({ channel, key: stage.runtime.signer.publicKey });
          pour(own, bytes);
          await served;
          await nothingChanged(free);
        }),
        { numRuns: 30 },
      );
    });

  it("faults 17 to 19, 37 and 39: as the sink of a migration", async function () {
    this.timeout(120_000);
    const { free } = hosts.there.live;
    await fc.assert(
      fc.asyncProperty(sinkTalk, async (bytes) => {
        hosts.answerBy((far) => pour(far, bytes));
        const moved = await hosts.here.thread.migrate(["counter"], stage.runtime.signer.publicKey);
        hosts.answerBy(null);
        expect(E.isLeft(moved), JSON.stringify(moved)).to.equal(true);
        await nothingChanged(free);
      }),
      { numRuns: 30 },
    );
  });

  it("faults 17 to 19 and 37: as the source that a host asks for a component", async function () {
    this.timeout(120_000);
    const { free } = hosts.there.live;
    await fc.assert(
      fc.asyncProperty(talk, async (bytes) => {
        hosts.answerBy((far) => pour(far, bytes));
        const fetched = await hosts.there.thread.fetch(["counter"], stage.runtime.signer.publicKey);
        hosts.answerBy(null);
        expect(E.isLeft(fetched), JSON.stringify(fetched)).to.equal(true);
        await nothingChanged(free);
      }),
      { numRuns: 30 },
    );
  });
});
