// Whoever leaves for another host takes along what it has with those who stay behind, also where those rest, or lie in an
// image, and nobody has seen them since the host began.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { Carrier } from "../../runtime/migrate/carrier.ts";
import type { CarriedTie } from "../../runtime/migrate/carried-cargo.ts";
import { MemoryDecisions } from "../../runtime/migrate/decisions.ts";
import { LiveSource } from "../../runtime/migrate/live-source.ts";
import type { ChildIdentity } from "../../runtime/host/child.ts";
import type { StartConfig } from "../../runtime/host/host-config.ts";
import { atRest, type RestStage } from "./rest-stage.ts";

const CONTRACT = `const Counter = session("Counter", { next: method({ args: t.tuple([t.number]), result: t.number }) });
`;

const SERVER = `${CONTRACT}export default component(async (env) => {
  let sum = 0;
  await env.announce(Counter, () => ({ next: async (by) => (sum += by) }));
});`;

/** It has called, and waits for what never comes. */
const CLIENT = `${CONTRACT}const Never = session("Never", { go: method({ args: t.tuple([]), result: t.void }) });
export default component(async (env) => {
  const log = await env.session(Log);
  const counter = await env.session(Counter);
  await log.write("at " + (await counter.next(2)));
  await env.announce(Never, () => ({ go: async () => void (await counter.next(1)) }));
});`;

const ROUTES = [{ service: "LOG" }, { service: "Counter", child: "server" }];

/** Once it is woken it is not put to rest while it is looked at: a host that moves somebody sees to that. */
const awake = (config: StartConfig): StartConfig => ({ ...config, rest: 600_000 });

/** What goes along with one that leaves. */
const carriedWith = async (
  stage: RestStage,
  name: string,
  images: Readonly<Record<string, ChildIdentity>> = {},
): Promise<readonly CarriedTie[]> => {
  const { host: live, runtime } = stage;
  const carrier = new Carrier({
    ...{ own: "here", live, nameOf: String, knows: () => true, warn: () => {} },
    entry: (each) => stage.entry(each),
    book: {
      all: () => Promise.resolve([]),
      note: () => Promise.resolve(E.right(undefined)),
      drop: () => Promise.resolve(E.right(undefined)),
    },
    dial: (peer) => Promise.resolve(E.left({ tag: "Link", peer, reason: "nobody is there" })),
    settled: () => Promise.resolve(),
    hasEnded: () => Promise.resolve(false),
    names: () => ["server", "client"],
    kept: (child) => Promise.resolve(images[child] ?? live.identityOf(child)),
  });
  const reserve = () => E.right(() => {});
  const source = new LiveSource({ live, runtime, carrier, reserve, decisions: new MemoryDecisions() });
  const departure = source.depart([name], "there");
  if (E.isLeft(departure)) throw new Error(JSON.stringify(departure.left));
  const surveyed = await departure.right.survey();
  departure.right.close();
  carrier.close();
  if (E.isLeft(surveyed)) throw new Error(JSON.stringify(surveyed.left));
  return surveyed.right[0]?.carried ?? [];
};

describe("one that leaves those who are not awake", function () {
  this.timeout(60_000);

  const bothRest = async (stage: RestStage): Promise<void> => {
    await stage.start("server", SERVER);
    await stage.start("client", CLIENT, { routes: ROUTES });
    await stage.said("client", "at 2");
    await stage.rested("server");
    await stage.rested("client");
  };

  for (const [leaver, other] of [
    ["client", "server"],
    ["server", "client"],
  ] as const)
    it(
      `law 2: a ${other} that rests since before the host began is known to the ${leaver} that leaves`,
      atRest(async (stage) => {
        await bothRest(stage);
        const { identity } = stage.host.identityOf(other)!;
        expect(await stage.again(awake)).to.have.members(["server", "client"]);
        const ties = await carriedWith(stage, leaver);
        expect(ties).to.have.length(1);
        expect(ties[0]).to.deep.include({ identity, child: other, there: false, serves: other === "server" });
      }),
    );

  it(
    "law 2: a client that lies in an image since before the host began is known to its server that leaves",
    atRest(async (stage) => {
      await bothRest(stage);
      const { identity, generation } = stage.host.identityOf("client")!;
      await stage.again((config) => (config.name === "client" ? null : awake(config)));
      const ties = await carriedWith(stage, "server", { client: { identity, generation } });
      expect(ties).to.have.length(1);
      expect(ties[0]).to.deep.include({ identity, generation, child: "client", there: false, serves: false });
    }),
  );

  it(
    "law 2: a server that lies in an image since before the host began is known to its client that leaves",
    atRest(async (stage) => {
      await bothRest(stage);
      const { identity, generation } = stage.host.identityOf("server")!;
      await stage.again((config) => (config.name === "server" ? null : awake(config)));
      expect(stage.host.identityOf("server")).to.equal(null);
      const ties = await carriedWith(stage, "client", { server: { identity, generation } });
      expect(ties).to.have.length(1);
      expect(ties[0]).to.deep.include({ identity, generation, child: "server", there: false, serves: true });
      expect(ties[0]!.session).to.deep.equal({ service: "Counter", label: "" });
      // Where nobody is kept under the name there is nobody to have it with.
      expect(await carriedWith(stage, "client")).to.deep.equal([]);
    }),
  );
});
