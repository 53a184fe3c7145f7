// The commands that a peer gives over the channel: what it may, in every state of what it speaks of; and what it may not.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { Channel, type Heard } from "../../runtime/migrate/channel.ts";
import { duplexPair } from "../../runtime/migrate/local-link.ts";
import type { Message, MessageKind } from "../../runtime/migrate/message.ts";
import { openStage, twoHosts, type Stage, type TwoHosts, type TwoHostsOptions } from "./two-hosts.ts";

const COUNT = `for (let n = 1; ; n++) { await log.write("count " + n); await timer.sleep(5); }`;
const ALL = ["receive", "transfer", "initialize"] as const;

const goesOn = async ({ log, until }: TwoHosts): Promise<void> => {
  await until(`count ${log.length + 3}`);
  expect(log).to.deep.equal(log.map((_, i) => `count ${i + 1}`));
};

describe("the commands of a peer", () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  const on =
    (options: Partial<TwoHostsOptions>, play: (hosts: TwoHosts) => Promise<void>) =>
    async (): Promise<void> => {
      const hosts = twoHosts(stage, { body: COUNT, ...options });
      try {
        await play(hosts);
      } finally {
        await hosts.close();
      }
    };
  const key = () => stage.runtime.signer.publicKey;

  /** Says one thing to a host; resolves with what it answers. */
  const say = async <K extends MessageKind>(
    { here }: TwoHosts,
    message: Message,
    kinds: readonly K[],
  ): Promise<Heard<K>> => {
    const [own, far] = duplexPair();
    void here.thread.serve({ channel: new Channel(far, { peer: "there" }), key: key() });
    const channel = new Channel(own, { peer: "here" });
    await channel.greet("there");
    await channel.send(message);
    const answer = await channel.next(kinds);
    channel.cut();
    if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
    return answer.right;
  };

  for (const kind of ["transfer", "initialize"] as const)
    it(
      `${kind} is refused to whom the configuration does not give it, whatever the state`,
      on({}, async (hosts) => {
        const refused = { kind: "refused", name: "Forbidden" };
        expect(await say(hosts, { kind, names: ["counter"] }, ["refused"])).to.include(refused);
        await hosts.start("counter");
        await hosts.until("count 2");
        expect(await say(hosts, { kind, names: ["counter"] }, ["refused"])).to.include(refused);
        await goesOn(hosts);
      }),
    );

  it(
    "receive is refused to whom the configuration takes it from",
    on({ may: { there: ["transfer"] } }, async (hosts) => {
      await hosts.start("counter");
      await hosts.until("count 2");
      const moved = await hosts.here.thread.migrate(["counter"], key());
      expect(moved).to.deep.include({ _tag: "Left" });
      expect(moved).to.have.nested.property("left.name", "Forbidden");
      await goesOn(hosts);
    }),
  );

  it(
    "each is refused by name where its state has no place for it, and information never is",
    on({ may: { here: ALL } }, async (hosts) => {
      const names = ["counter"];
      const wrong = { kind: "refused", name: "WrongState" };
      const phase = async (): Promise<unknown> =>
        (await say(hosts, { kind: "information", names }, ["informed"])).tasks[0]?.phase;
      expect(await phase()).to.equal("empty");
      expect(await say(hosts, { kind: "transfer", names }, ["refused"])).to.include(wrong);
      await hosts.start("counter");
      await hosts.until("count 2");
      expect(await phase()).to.equal("populated");
      expect(await say(hosts, { kind: "initialize", names }, ["refused"])).to.include(wrong);
      // While it leaves it can neither be handed over once more, nor begin.
      const asked: Promise<Message>[] = [];
      const moved = await hosts.here.thread.migrate(names, key(), {}, undefined, ({ phase: now }) => {
        if (now !== "copying" || asked.length > 0) return;
        asked.push(say(hosts, { kind: "transfer", names }, ["refused"]));
        asked.push(say(hosts, { kind: "initialize", names }, ["refused"]));
      });
      expect(E.isRight(moved), JSON.stringify(moved)).to.equal(true);
      for (const answer of await Promise.all(asked)) expect(answer).to.include(wrong);
      expect(await phase()).to.equal("empty");
      await goesOn(hosts);
    }),
  );

  it(
    "law 2: transfer hands over whom its sink asks for, and it goes on there; and home again",
    on({ may: { here: ALL, there: ALL } }, async (hosts) => {
      const { here, there } = hosts;
      await hosts.start("counter");
      await hosts.until("count 2");
      for (const [home, sink] of [
        ["there", there],
        ["here", here],
      ] as const) {
        const fetched = await sink.thread.fetch(["counter"], key());
        if (E.isLeft(fetched)) throw new Error(JSON.stringify(fetched.left));
        expect(fetched.right[0]).to.include({ child: "counter" });
        expect(hosts.homes("counter")).to.deep.equal([home]);
        await goesOn(hosts);
      }
    }),
  );

  it(
    "fault 40: runs on where it is when whoever asked for it stops that, or lacks what it needs",
    on({ may: { here: ALL }, there: { caps: 1 } }, async (hosts) => {
      const { there } = hosts;
      await hosts.start("counter");
      await hosts.until("count 2");
      const lacking = await there.thread.fetch(["counter"], key());
      expect(lacking).to.have.nested.property("left.tag", "Lacking");
      const stopped = await there.thread.fetch(["counter"], key(), AbortSignal.abort());
      expect(stopped).to.have.nested.property("left.tag", "Aborted");
      expect(hosts.homes("counter")).to.deep.equal(["here"]);
      await goesOn(hosts);
    }),
  );

  it(
    "initialize starts an entry of a host that lets it",
    on({ may: { there: ALL } }, async (hosts) => {
      await hosts.start("other");
      const begun = await hosts.here.thread.initialize(["other"], key());
      expect(begun).to.deep.equal(E.right([1]));
      expect(hosts.homes("other")).to.deep.equal(["here", "there"]);
      const again = await hosts.here.thread.initialize(["other"], key());
      expect(again).to.have.nested.property("left.name", "WrongState");
    }),
  );
});
