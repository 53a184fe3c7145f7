// Every frame of a migration, with every failure of the link there: what the suite does a part of, and the torture all.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import type { Stage, TwoHosts } from "./two-hosts.ts";
import { twoHosts } from "./two-hosts.ts";
import type { Fault } from "./wire.ts";

/** It counts, and changes some of its memory with every turn. */
const BODY = `const bytes = new Uint8Array(1 << 19);
for (let n = 1; ; n++) { bytes.fill(n); await log.write("count " + n); await timer.sleep(1); }`;

/** A link that stalls is given up after so many ms. One that is only slow too: that is one more failure, and no less
 *  good a one. */
const SILENCE = 150;

/** Nothing is in doubt anywhere, and the child lives on one host. */
const settled = async ({ here, there, homes }: TwoHosts): Promise<void> => {
  while (here.thread.doubts.length + there.thread.doubts.length > 0 || homes("counter").length !== 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
};

/** Frames of a migration without failures, in each direction. */
export const countFrames = async (stage: Stage): Promise<readonly [number, number]> => {
  const hosts = twoHosts(stage, { body: BODY });
  await hosts.start("counter");
  await hosts.until("count 3");
  const moved = await hosts.here.thread.migrate(["counter"], stage.runtime.signer.publicKey);
  if (E.isLeft(moved)) throw new Error(JSON.stringify(moved.left));
  await hosts.close();
  return hosts.wires[0]!.said;
};

/** Moves one component to and fro through all of these faults: whatever happens, it goes on in one place. */
export const suffer = async (stage: Stage, faults: readonly Fault[]): Promise<{ readonly moved: number }> => {
  const hosts = twoHosts(stage, { body: BODY, silence: SILENCE });
  const { log } = hosts;
  let moved = 0;
  try {
    await hosts.start("counter");
    await hosts.until("count 2");
    for (const fault of faults) {
      const [home] = hosts.homes("counter");
      const from = home === "here" ? hosts.here : hosts.there;
      hosts.fail(fault);
      const done = await from.thread.migrate(["counter"], stage.runtime.signer.publicKey, { rounds: 2 });
      hosts.fail(null);
      const where = JSON.stringify(fault);
      expect(hosts.homes("counter").length, `${where}: incarnations`).to.be.at.most(1);
      await settled(hosts);
      const [now] = hosts.homes("counter");
      // Where the source says that it runs on, it does; where it says that it let go, it lives there.
      expect(now === home, `${where}: ${JSON.stringify(done)}`).to.equal(E.isLeft(done));
      if (E.isRight(done)) moved += 1;
      await hosts.until(`count ${log.length + 2}`);
      expect(log, where).to.deep.equal(log.map((_, i) => `count ${i + 1}`));
    }
    expect(hosts.here.warnings.concat(hosts.there.warnings)).to.deep.equal([]);
    return { moved };
  } finally {
    await hosts.close();
  }
};
