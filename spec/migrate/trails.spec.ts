// A component that went on to other hosts after it was offered to one, whose operator has taken it: whoever has it hears of
// that, however many hosts it went by, and nobody else can end it so.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { takenAs } from "../../runtime/migrate/open-offer.ts";
import { MOST_TRAILS, trailHosts, type TrailHost, type TrailHosts } from "./trail-hosts.ts";
import { soon } from "./soon.ts";
import type { Trail } from "../../runtime/daemon/kept-trails.ts";
import { openStage, type Stage } from "./two-hosts.ts";

describe("a component that is taken by an operator's word after it went on", function () {
  this.timeout(60_000);
  let stage: Stage;
  let hosts: TrailHosts;
  let a: TrailHost, b: TrailHost, c: TrailHost, d: TrailHost;

  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());
  beforeEach(async () => {
    hosts = await trailHosts(stage, ["a", "b", "c", "d"]);
    [a, b, c, d] = hosts.all as [TrailHost, TrailHost, TrailHost, TrailHost];
  });
  afterEach(() => hosts.close());

  const together = (): void => hosts.apart.clear();

  /** Whether all trails of a host are such. */
  const areAll = async (host: TrailHost, such: (trail: Trail) => boolean): Promise<boolean> => {
    const trails = await host.decisions.trails.all();
    return E.isRight(trails) && trails.right.every(such);
  };

  it("law 5: ends at the host that it went to, which the source tells", async () => {
    await hosts.offer(a, b);
    await hosts.move(a, c);
    await hosts.resolve(b);
    expect(hosts.homes()).to.deep.equal(["b", "c"]);
    together();
    await hosts.settles(b);
  });

  it("law 5: ends there when host after host is killed, and no two of them are in contact at once", async () => {
    await hosts.offer(a, b);
    await hosts.move(a, c);
    await hosts.move(c, d);
    await hosts.resolve(b);
    expect(hosts.homes()).to.deep.equal(["b", "d"]);
    hosts.apart.add("a c").add("c d");
    const only = async (pair: string): Promise<void> => {
      for (const each of ["a b", "a c", "c d"]) if (each !== pair) hosts.apart.add(each);
      hosts.apart.delete(pair);
      for (const host of hosts.all) await host.again();
    };
    const isTold = async (host: TrailHost): Promise<boolean> => {
      const trails = await host.decisions.trails.all();
      return E.isRight(trails) && trails.right.some(({ taken }) => taken !== null);
    };
    await only("a b");
    while (!(await isTold(a))) await soon();
    await only("a c");
    while (!(await isTold(c))) await soon();
    expect(hosts.homes()).to.deep.equal(["b", "d"]);
    await only("c d");
    while (hosts.homes().includes("d")) await soon();
    together();
    await hosts.settles(b);
  });

  it("law 5: ends wherever it is when it went around in a circle", async () => {
    await hosts.offer(a, b);
    await hosts.move(a, c);
    await hosts.move(c, d);
    await hosts.move(d, c);
    // Where it was before is asked late, and knows nothing of it any more.
    hosts.apart.add("c d");
    await hosts.move(c, a);
    await hosts.move(a, d);
    hosts.apart.delete("c d");
    while (!(await areAll(d, ({ from }) => from === a.signer.publicKey))) await soon();
    await hosts.resolve(b);
    together();
    await hosts.settles(b);
  });

  it("law 5: ends at a host in the middle when it has come back there", async () => {
    await hosts.offer(a, b);
    await hosts.move(a, c);
    await hosts.move(c, d);
    await hosts.move(d, c);
    while (!(await areAll(c, ({ from }) => from !== d.signer.publicKey))) await soon();
    await hosts.resolve(b);
    together();
    await hosts.settles(b);
  });

  it("law 5: ends at its source when it has come back there", async () => {
    await hosts.offer(a, b);
    await hosts.move(a, c);
    await hosts.move(c, a);
    await hosts.resolve(b);
    together();
    await hosts.settles(b);
  });

  it("law 5: goes on where it is when nobody has taken it, and nothing of that is kept", async () => {
    await hosts.offer(a, b);
    await hosts.move(a, c);
    await hosts.move(c, d);
    expect(hosts.homes()).to.deep.equal(["d"]);
    await c.again();
    together();
    await hosts.settles(d);
    expect(b.thread.doubts).to.deep.equal([]);
  });

  it("law 5: a peer that lies ends only what was offered to it, or came from it in doubt, and as that generation", async () => {
    const identity = a.live.identityOf("counter")!;
    const here = (at: string): void => void expect(hosts.homes()).to.deep.equal([at]);
    await hosts.offer(a, b);
    const { task } = b.thread.doubts[0]!;
    const right = takenAs(identity.generation);
    // Who was not offered it, for that task or another one.
    const travelers = [{ identity: identity.identity, generation: right }];
    const other = "00000000-0000-4000-8000-000000000000";
    for (const liar of [c, d]) {
      await hosts.say(liar, a, { kind: "taken", task, generations: [right] });
      await hosts.say(liar, a, { kind: "overtaken", task, travelers });
    }
    await hosts.say(b, a, { kind: "taken", task: other, generations: [right] });
    await hosts.say(b, a, { kind: "overtaken", task, travelers });
    // Another generation than an operator's word makes.
    for (const wrong of [0, identity.generation, right - 1, right + 1, Number.MAX_SAFE_INTEGER])
      await hosts.say(b, a, { kind: "taken", task, generations: [wrong] });
    here("a");
    await hosts.move(a, c);
    // Only who has handed it on with the offer, and of that offer, is believed.
    for (const liar of [b, d]) {
      await hosts.say(liar, c, { kind: "overtaken", task, travelers });
      await hosts.say(liar, c, { kind: "taken", task, generations: [right] });
    }
    await hosts.say(a, c, { kind: "overtaken", task: other, travelers });
    for (const wrong of [right - 1, right + 1])
      await hosts.say(a, c, {
        ...{ kind: "overtaken", task },
        travelers: [{ ...travelers[0]!, generation: wrong }],
      });
    here("c");
    const epochs = hosts.all.map(({ live }) => live.identityOf("counter")?.generation);
    expect(epochs).to.deep.equal([undefined, undefined, identity.generation + 1, undefined]);
    // Once it's settled nobody is.
    together();
    await hosts.settles(c);
    await hosts.say(b, a, { kind: "taken", task, generations: [right] });
    await hosts.say(a, c, { kind: "overtaken", task, travelers });
    here("c");
    await hosts.move(c, a);
  });

  it("law 6: is not taken in with more open offers than a host may keep", async () => {
    for (let n = 0; n < MOST_TRAILS; n++) {
      const leaver = { name: "counter", ...a.live.identityOf("counter")! };
      const task = `00000000-0000-4000-8000-00000000000${n}`;
      expect(E.isRight(await a.decisions.offer(task, b.signer.publicKey, [leaver]))).to.equal(true);
    }
    // One that is made up, and stays.
    const more = {
      task: "00000000-0000-4000-8000-000000000009",
      name: "other",
      identity: "other",
      generation: 1,
    };
    await c.decisions.inherit(d.signer.publicKey, [more]);
    hosts.apart.add("c d");
    const moved = await a.thread.migrate(["counter"], c.signer.publicKey);
    expect(E.isLeft(moved) && moved.left.tag === "Lacking" && moved.left.lacks[0]?.reason).to.match(
      /too many offers/,
    );
    expect(hosts.homes()).to.deep.equal(["a"]);
  });
});
