// What is looked at of a child's memory before it is stopped: what differs from the look before is found, and nothing is
// compared where nothing has run.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { pageBytes } from "../../runtime/migrate/message.ts";
import type { Glimpse } from "../../runtime/shard/protocol.ts";
import { openStage, twoHosts, type Stage } from "./two-hosts.ts";

const BODY = `for (let n = 0; ; n++) { await log.write("at " + n); await timer.sleep(5); }`;

const bufferOf = ({ memory }: Glimpse): SharedArrayBuffer => memory.buffer as SharedArrayBuffer;

describe("a look at a child's memory", function () {
  this.timeout(30_000);
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  it("law 2: finds what turns have changed since the last one, and takes that for the state where none was taken", async () => {
    const hosts = twoHosts(stage, { body: BODY });
    await hosts.start("x");
    const child = hosts.here.live.child("x")!;
    const first = (await child.glimpse(null))!;
    const { length } = hosts.log;
    await hosts.until(`at ${length + 3}`);
    child.hold();
    const then = (await child.glimpse(bufferOf(first), { step: pageBytes, number: first.number }))!;
    expect(then.changed).not.deep.equal([]);
    const look = { step: pageBytes, number: then.number };
    // What is there is believed, as long as it is of that very look.
    const seen = (await child.glimpse(bufferOf(then), look))!;
    expect(seen.changed).to.deep.equal([]);
    const whole = (await child.glimpse(null))!;
    expect(Buffer.compare(whole.memory, seen.memory)).to.equal(0);
    const place = whole.memory.length - 1;
    seen.memory[place]! ^= 1;
    const anew = (await child.glimpse(bufferOf(seen), look))!;
    expect(anew.changed).to.deep.equal([Math.floor(place / pageBytes)]);
    const captured = await child.capture(5000, bufferOf(anew), undefined, {
      step: pageBytes,
      number: anew.number,
    });
    if (E.isLeft(captured)) throw new Error(captured.left.tag);
    expect(captured.right.changed).to.deep.equal([]);
    expect(Buffer.compare(captured.right.memory, whole.memory)).to.equal(0);
    await hosts.close();
  });
});
