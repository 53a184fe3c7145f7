// What was stopped while its link stood still is tried again at once: the other end does not know that it is over.
import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { E, type Either } from "../../lib/fp.ts";
import type { MigrateError } from "../../runtime/migrate/migrate-error.ts";
import { openStage, twoHosts, type Stage, type TwoHosts } from "./two-hosts.ts";

const COUNT = `for (let n = 1; ; n++) { await log.write("count " + n); await timer.sleep(5); }`;

describe("a migration that is tried again", () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  type Begin = (hosts: TwoHosts, signal?: AbortSignal) => Promise<Either<MigrateError, unknown>>;
  const key = () => stage.runtime.signer.publicKey;
  const ways: readonly (readonly [string, Begin])[] = [
    ["sent", ({ here }, signal) => here.thread.migrate(["counter"], key(), {}, signal)],
    ["fetched", ({ there }, signal) => there.thread.fetch(["counter"], key(), signal)],
  ];

  for (const [way, begin] of ways)
    it(`faults 37 and 40: is ${way} at once after it was stopped on a link that had stalled`, async () => {
      const hosts = twoHosts(stage, { body: COUNT, may: { here: ["receive", "transfer"] } });
      try {
        await hosts.start("counter");
        await hosts.until("count 2");
        // The third frame of whoever called: memory is on its way then.
        hosts.fail({ direction: 0, frame: 3, failure: "stall" });
        const stop = new AbortController();
        const stopped = begin(hosts, stop.signal);
        while (hosts.wires[0]?.struck !== true) await setImmediate();
        stop.abort();
        expect(await stopped).to.have.nested.property("left.tag", "Aborted");
        const again = await begin(hosts);
        if (E.isLeft(again)) throw new Error(JSON.stringify(again.left));
        expect(hosts.homes("counter")).to.deep.equal(["there"]);
        await hosts.until(`count ${hosts.log.length + 3}`);
        expect(hosts.log).to.deep.equal(hosts.log.map((_, i) => `count ${i + 1}`));
      } finally {
        await hosts.close();
      }
    });
});
