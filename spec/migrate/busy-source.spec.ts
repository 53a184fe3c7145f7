// A source whose children share a thread with one that computes for long: what it is asked for there takes its time, and
// the other end hears meanwhile that it is at work.
import { expect } from "chai";
import type { Duplex } from "node:stream";
import { E } from "../../lib/fp.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import { duplexPair } from "../../runtime/migrate/local-link.ts";
import type { MessageKind } from "../../runtime/migrate/message.ts";
import type { MigrateError } from "../../runtime/migrate/migrate-error.ts";
import { SourceRun } from "../../runtime/migrate/run-source.ts";
import type { Departure } from "../../runtime/migrate/source-host.ts";
import { openStage, type Stage } from "./two-hosts.ts";

/** Short: a sign of life comes every quarter of it. */
const SILENCE_MS = 40;

const UNFIT: MigrateError = { tag: "Unfit", child: "", reason: "stands for the end" };

/** A departure each step of which ends when the other end has been told something since it began, and by no other way. */
const slow = (far: Duplex, done: string[]): Departure => {
  const takes =
    <A>(step: string, answer: A) =>
    async (): Promise<A> => {
      await new Promise((resolve) => far.once("data", resolve));
      done.push(step);
      return answer;
    };
  return {
    names: [],
    survey: takes("survey", E.right([])),
    round: takes("round", E.right([])),
    offer: takes("offer", E.right(undefined)),
    hold: takes("hold", E.left(UNFIT)),
    release: takes("release", E.left(UNFIT)),
    resume: () => {},
    close: () => {},
  };
};

describe("a source that is busy", () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it("fault 37: shows signs of life whatever it waits for at its own host", async function () {
    this.timeout(20_000);
    const [near, far] = duplexPair();
    const channel = new Channel(near, { peer: "there", silence: SILENCE_MS });
    const sink = new Channel(far, { peer: "here" });
    const done: string[] = [];
    const run = new SourceRun({
      ...{
        channel,
        to: "there",
        key: stage.runtime.signer.publicKey,
        host: "here",
        signer: stage.runtime.signer,
      },
      source: { confirmed: () => Promise.resolve() } as unknown as ConstructorParameters<
        typeof SourceRun
      >[0]["source"],
      departure: slow(far, done),
      ...{ options: { rounds: 1 }, signal: new AbortController().signal },
      ...{ said: () => {}, progress: () => {}, keep: () => {} },
    });
    const ran = run.run();
    const hears = async (...kinds: MessageKind[]): Promise<void> => {
      const heard = await sink.next(kinds);
      if (E.isLeft(heard)) throw new Error(JSON.stringify(heard.left));
    };
    await hears("receive");
    await sink.send({ kind: "accepted" });
    for (let round = 0; round < 2; round++) {
      await hears("round");
      await sink.send({ kind: "settled", number: round });
    }
    expect(await ran).to.deep.equal(E.left(UNFIT));
    expect(new Set(done)).to.deep.equal(new Set(["survey", "round", "offer", "hold"]));
    sink.close();
  });
});
