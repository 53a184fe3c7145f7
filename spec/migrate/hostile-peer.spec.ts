// A peer whose key is pinned and that means harm, or is broken: whatever it says, it is refused, and nothing changes.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import { duplexPair } from "../../runtime/migrate/local-link.ts";
import { openStage, twoHosts, type Stage, type TwoHosts } from "./two-hosts.ts";

const BODY = `for (let n = 1; ; n++) { await log.write("count " + n); await timer.sleep(2); }`;

type Harm = (frames: readonly Buffer[], at: number, by: number) => readonly Buffer[];

const swapped = (frames: readonly Buffer[], a: number, b: number): readonly Buffer[] =>
  frames.map((frame, i) => (i === a ? frames[b]! : i === b ? frames[a]! : frame));

const changed = (frames: readonly Buffer[], at: number, frame: Buffer): readonly Buffer[] =>
  frames.map((each, i) => (i === at ? frame : each));

/** What may be done to what a source once said. */
const HARMS: Readonly<Record<string, Harm>> = {
  truncated: (frames, at, by) => [...frames.slice(0, at), frames[at]!.subarray(0, by % frames[at]!.length)],
  "ended early": (frames, at) => frames.slice(0, at),
  oversized: (frames, at) => {
    const frame = Buffer.from(frames[at]!);
    frame.writeUInt32LE(0xffff_ffff, 4);
    return changed(frames, at, frame);
  },
  "out of order": (frames, at, by) => swapped(frames, at, by % frames.length),
  replayed: (frames, at) => [...frames.slice(0, at), frames[at]!, ...frames.slice(at)],
  "left out": (frames, at) => frames.toSpliced(at, 1),
  flipped: (frames, at, by) => {
    const frame = Buffer.from(frames[at]!);
    frame[by % frame.length]! ^= 1 << (by & 7);
    return changed(frames, at, frame);
  },
  noise: (frames, at, by) => changed(frames, at, Buffer.alloc(1 + (by % 400), by)),
};

describe("a hostile peer", () => {
  let stage: Stage;
  let hosts: TwoHosts;
  /** What the source of a migration said that was stopped at the last moment, and of one that was not. */
  let said: readonly Buffer[];
  let whole: readonly Buffer[];

  before(async () => {
    stage = await openStage();
    hosts = twoHosts(stage, { body: BODY });
    await hosts.start("counter");
    await hosts.until("count 2");
    const key = stage.runtime.signer.publicKey;
    for (const from of [hosts.here, hosts.there]) {
      const moved = await from.thread.migrate(["counter"], key);
      if (E.isLeft(moved)) throw new Error(JSON.stringify(moved.left));
    }
    whole = hosts.wires[0]!.frames[0];
    // Twice: the second time nothing of its memory is kept over there any more, as when it is said again.
    let taken = 0;
    do {
      const stop = new AbortController();
      const atLast = ({ phase }: { readonly phase: string }): void => {
        if (phase === "offered") stop.abort();
      };
      await hosts.here.thread.migrate(["counter"], key, {}, stop.signal, atLast);
      const { ends } = hosts.wires.at(-1)!;
      while (!ends.every(({ destroyed }) => destroyed) || hosts.there.thread.doubts.length > 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      // It may have been refused, where the last one was not over yet.
      if (hosts.wires.at(-1)!.said[1] > 3) taken += 1;
    } while (taken < 2);
    // It never says that it let go: a source that lies about that can't be told from one that does not.
    said = hosts.wires.at(-1)!.frames[0].slice(0, -1);
  });
  after(async () => {
    await hosts.close();
    await stage.close();
  });

  /** Says this to the host that the counter does not live on; resolves when that has heard all of it. */
  const say = async (bytes: Buffer): Promise<void> => {
    const [own, far] = duplexPair();
    const channel = new Channel(far, { peer: "here", silence: 100 });
    const served = hosts.there.thread.serve({ channel, key: stage.runtime.signer.publicKey });
    own.on("data", () => {});
    own.on("error", () => {});
    own.write(bytes);
    own.end();
    await served;
    while (hosts.there.thread.doubts.length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it("hears what a source says to its end, and asks it what it decided", async () => {
    const { free } = hosts.there.live;
    const asked = hosts.wires.length;
    await say(Buffer.concat(said));
    expect(hosts.wires.length, "it asked").to.be.greaterThan(asked);
    nothingChanged(free);
  });

  const nothingChanged = (free: object): void => {
    expect(hosts.there.live.child("counter")?.ending ?? null).to.not.equal(null);
    expect(hosts.there.live.free).to.deep.equal(free);
    expect(hosts.homes("counter")).to.deep.equal(["here"]);
  };

  for (const [name, harm] of Object.entries(HARMS))
    it(`faults 17 to 19 and 37: frames that are ${name} are refused, and nothing changes`, async function () {
      this.timeout(60_000);
      const { free } = hosts.there.live;
      await fc.assert(
        fc.asyncProperty(fc.nat(said.length - 1), fc.nat(100_000), async (at, by) => {
          await say(Buffer.concat(harm(said, at, by)));
          nothingChanged(free);
        }),
        { numRuns: 6 },
      );
    });

  it("faults 23 and 36: a whole migration that is replayed after the component came back is one of old", async () => {
    const { free } = hosts.there.live;
    await say(Buffer.concat(whole));
    nothingChanged(free);
  });

  it("goes on as if nothing had been, and moves when it is told to", async () => {
    const { log } = hosts;
    const moved = await hosts.here.thread.migrate(["counter"], stage.runtime.signer.publicKey);
    expect(E.isRight(moved), JSON.stringify(moved)).to.equal(true);
    await hosts.until(`count ${log.length + 2}`);
    expect(log).to.deep.equal(log.map((_, i) => `count ${i + 1}`));
  });
});
