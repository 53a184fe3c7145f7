// A host that comes up again with a container whose source has decided: it says that it knows only when it does. The source
// forgets what was noted, and what it has forgotten counts as kept.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import type { PublicKey } from "../../runtime/image/public-key.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import type { Container } from "../../runtime/migrate/container.ts";
import { noLandings, type Landings } from "../../runtime/migrate/landings.ts";
import { duplexPair } from "../../runtime/migrate/local-link.ts";
import { MigThread } from "../../runtime/migrate/mig-thread.ts";
import type { Arrival, SinkHost, Taken } from "../../runtime/migrate/sink-host.ts";
import type { SourceHost } from "../../runtime/migrate/source-host.ts";
import { noTrails } from "../../runtime/migrate/trails.ts";
import { MemoryStays } from "../../runtime/migrate/stays.ts";

const SOURCE = "ed25519:source" as PublicKey;
const TASK = "00000000-0000-4000-8000-000000000000";
const container = {
  ...{ task: TASK, from: SOURCE, cargo: [] },
  manifest: { host: "there", children: [{ name: "counter" }] },
} as unknown as Container;

interface Otherwise {
  readonly sink?: Partial<SinkHost>;
  readonly landings?: Partial<Landings>;
  readonly activate?: Arrival["activate"];
  /** What the source tells at once. Default: that it has let go. */
  readonly verdict?: "released" | "kept";
}

/** A host that finds the container, and a source that tells it what it decided. */
const meet = (read: Landings["read"], otherwise: Otherwise = {}) => {
  const said: string[] = [];
  const given: string[] = [];
  const arrival: Pick<Arrival, "activate" | "close"> = {
    activate: (...what) => {
      if (otherwise.activate !== undefined) return otherwise.activate(...what);
      said.push("activated");
      return Promise.resolve(E.right([{ child: "counter", generation: 2 }]));
    },
    close: () => void given.push("counter"),
  };
  const sink: Partial<SinkHost> = {
    populated: () => false,
    standing: () => Promise.resolve("open"),
    expect: () => E.right(arrival as Arrival),
    taken: () => Promise.resolve(E.right([])),
    ...otherwise.sink,
  };
  let recovered!: () => void;
  const thread = new MigThread({
    host: "here",
    ...({ signer: {} } as Pick<ConstructorParameters<typeof MigThread>[0], "signer">),
    source: { unsettled: () => Promise.resolve([]), trails: noTrails } as Partial<SourceHost> as SourceHost,
    sink: sink as SinkHost,
    stays: new MemoryStays(),
    landings: {
      ...noLandings,
      ...{ staged: () => Promise.resolve(E.right({ containers: [container], unread: [] })), read },
      discard: () => Promise.resolve(void said.push("discarded")),
      ...otherwise.landings,
    },
    dial: () => Promise.resolve(E.left({ tag: "Link", peer: "there", reason: "it calls by itself" })),
    may: () => true,
    arrived: () => {},
    fetched: () => {},
    warn: () => {},
    recovered: new Promise((resolve) => (recovered = resolve)),
  });
  const tell = async (): Promise<void> => {
    const [near, far] = duplexPair();
    const channel = new Channel(far, { peer: "there" });
    const answered = thread.serve({ channel: new Channel(near, { peer: "there" }), key: SOURCE });
    await channel.greet("there");
    await channel.send({ kind: "verdict", task: TASK, verdict: otherwise.verdict ?? "released" });
    const heard = await channel.next(["noted", "taken"]);
    said.push(E.isRight(heard) ? heard.right.kind : heard.left.tag);
    channel.close();
    await answered;
  };
  const told = tell();
  const recover = async (): Promise<void> => {
    await thread.recover();
    recovered();
  };
  const [close, alone] = [() => thread.close(), () => thread.recover()];
  return { thread, said, given, recover, tell, told, close, alone, ready: () => recovered() };
};

const UNREAD = { tag: "Disk", step: "read", path: "the store", code: "EIO" } as const;

const landed = E.right({ container, memories: [] });

describe("a sink that comes up again", () => {
  it("fault 38: notes a decision when it has taken up what lies here, and not before", async () => {
    let found!: () => void;
    const reading = new Promise<void>((resolve) => (found = resolve));
    const { said, recover, told, close } = meet(() => reading.then(() => landed));
    const recovering = recover();
    // More than enough for a word and its answer.
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(said).to.deep.equal([]);
    found();
    await recovering;
    await told;
    expect(said).to.deep.equal(["activated", "discarded", "noted"]);
    close();
  });

  it("fault 38: does not note what was decided of something that it can't read now", async () => {
    const gone = { tag: "Disk", step: "read", path: "a container", code: "EIO" } as const;
    const { said, recover, told, close } = meet(() => Promise.resolve(E.left(gone)));
    await recover();
    await told;
    expect(said).to.deep.equal(["Refused"]);
    close();
  });

  it("fault 38: keeps no name when its host ends: who is in doubt does not keep that from ending", async () => {
    const { given, close, alone } = meet(() => Promise.resolve(landed));
    await alone();
    expect(given).to.deep.equal([]);
    close();
    expect(given).to.deep.equal(["counter"]);
  });

  it("fault 38: does not note what was decided where it can't look at what lies here", async () => {
    const { said, recover, told, close } = meet(() => Promise.resolve(landed), {
      landings: { staged: () => Promise.resolve(E.left(UNREAD)) },
    });
    await recover();
    await told;
    expect(said).to.deep.equal(["Refused"]);
    close();
  });

  it("fault 38: does not note that it was let go before it is written down that it is this host's", async () => {
    const { said, thread, recover, told, close } = meet(() => Promise.resolve(landed), {
      activate: () => Promise.resolve(E.left(UNREAD)),
    });
    await recover();
    await told;
    expect(said).to.deep.equal(["Refused"]);
    expect(thread.doubts.map(({ task }) => task)).to.deep.equal([TASK]);
    close();
  });

  // Its source tells it, and answers what it has asked, at the same time.
  it("fault 38: does not note what it hears twice before it is known what came of the first", async () => {
    let failed!: () => void;
    const failing = new Promise<void>((resolve) => (failed = resolve));
    let tries = 0;
    const { said, recover, tell, told, close } = meet(() => Promise.resolve(landed), {
      activate: async () => {
        tries++;
        await failing;
        return E.left(UNREAD);
      },
    });
    await recover();
    const again = tell();
    // More than enough for a word and its answer.
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(said).to.deep.equal([]);
    failed();
    await Promise.all([told, again]);
    expect([said, tries]).to.deep.equal([["Refused", "Refused"], 2]);
    close();
  });

  it("law 5: what an operator has taken lives here though a crash came before it did, and its source says kept", async () => {
    const taken = [{ task: TASK, from: SOURCE, generations: [1_000_002] }];
    const { said, recover, told, close } = meet(() => Promise.resolve(landed), {
      verdict: "kept",
      sink: { taken: () => Promise.resolve(E.right(taken)), take: () => Promise.resolve(E.right(undefined)) },
    });
    await recover();
    await told;
    expect(said.toSorted()).to.deep.equal(["activated", "discarded", "taken"]);
    close();
  });

  it("law 5: a source that says kept while an operator settles it hears that it was taken", async () => {
    const taken: Taken[] = [];
    let noted!: () => void;
    const noting = new Promise<void>((resolve) => (noted = resolve));
    const { thread, said, alone, ready, told, close } = meet(() => Promise.resolve(landed), {
      verdict: "kept",
      sink: {
        taken: () => Promise.resolve(E.right([...taken])),
        take: async () => {
          await noting;
          taken.push({ task: TASK, from: SOURCE, generations: [1_000_002] });
          return E.right(undefined);
        },
      },
    });
    await alone();
    const resolved = thread.resolve("counter");
    ready();
    // More than enough for a word and its answer.
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    noted();
    expect(await resolved).to.deep.equal(E.right(undefined));
    await told;
    expect(said).to.deep.equal(["activated", "discarded", "taken"]);
    close();
  });
});
