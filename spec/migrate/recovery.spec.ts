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
import type { Arrival, SinkHost } from "../../runtime/migrate/sink-host.ts";
import type { SourceHost } from "../../runtime/migrate/source-host.ts";
import { MemoryStays } from "../../runtime/migrate/stays.ts";

const SOURCE = "ed25519:source" as PublicKey;
const TASK = "00000000-0000-4000-8000-000000000000";
const container = {
  ...{ task: TASK, from: SOURCE, cargo: [] },
  manifest: { host: "there", children: [{ name: "counter" }] },
} as unknown as Container;

/** A host that finds the container, and a source that tells it at once that it has let go. */
const meet = (read: Landings["read"]) => {
  const said: string[] = [];
  const given: string[] = [];
  const arrival: Pick<Arrival, "activate" | "close"> = {
    activate: () => {
      said.push("activated");
      return Promise.resolve(E.right([{ child: "counter", generation: 2 }]));
    },
    close: () => void given.push("counter"),
  };
  const sink: Partial<SinkHost> = {
    populated: () => false,
    standing: () => Promise.resolve("open"),
    expect: () => E.right(arrival as Arrival),
    taken: () => Promise.resolve([]),
  };
  let recovered!: () => void;
  const thread = new MigThread({
    host: "here",
    ...({ signer: {} } as Pick<ConstructorParameters<typeof MigThread>[0], "signer">),
    source: { unsettled: () => Promise.resolve([]) } as Partial<SourceHost> as SourceHost,
    sink: sink as SinkHost,
    stays: new MemoryStays(),
    landings: {
      ...noLandings,
      ...{ staged: () => Promise.resolve([container]), read },
      discard: () => Promise.resolve(void said.push("discarded")),
    },
    dial: () => Promise.resolve(E.left({ tag: "Link", peer: "there", reason: "it calls by itself" })),
    may: () => true,
    arrived: () => {},
    fetched: () => {},
    warn: () => {},
    recovered: new Promise((resolve) => (recovered = resolve)),
  });
  const [near, far] = duplexPair();
  const channel = new Channel(far, { peer: "there" });
  const answered = (async () => {
    await thread.serve({ channel: new Channel(near, { peer: "there" }), key: SOURCE });
  })();
  const told = (async () => {
    await channel.greet("there");
    await channel.send({ kind: "verdict", task: TASK, verdict: "released" });
    const heard = await channel.next(["noted"]);
    said.push(E.isRight(heard) ? "noted" : heard.left.tag);
    channel.close();
    await answered;
  })();
  const recover = async (): Promise<void> => {
    await thread.recover();
    recovered();
  };
  return { said, given, recover, told, close: () => thread.close(), alone: () => thread.recover() };
};

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
});
