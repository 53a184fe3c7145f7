// A component moves between two hosts while it runs, and goes on at the very await where it was.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import type { MigrateError } from "../../runtime/migrate/migrate-error.ts";
import type { Progress } from "../../runtime/migrate/progress.ts";
import { openStage, twoHosts, type Stage, type TwoHosts, type TwoHostsOptions } from "./two-hosts.ts";

const COUNT = `for (let n = 1; ; n++) { await log.write("count " + n); await timer.sleep(5); }`;

/** It has gone on from here by this many, and whatever it wrote it wrote once, wherever it was. */
const goesOn = async ({ log, until }: TwoHosts, by = 3): Promise<void> => {
  await until(`count ${log.length + by}`);
  expect(log).to.deep.equal(log.map((_, i) => `count ${i + 1}`));
};

const MEMORY = { kind: "memory", content: {}, rights: ["read", "write", "create"] } as const;

const RESTORING = [
  { service: "LOG" },
  { service: "Timer" },
  { service: "File_system", label: "data", to: "data", policy: "restore" },
] as const;

describe("a component that moves", () => {
  let stage: Stage;
  before(async () => {
    stage = await openStage();
  });
  after(() => stage.close());

  const on =
    (options: TwoHostsOptions, play: (hosts: TwoHosts) => Promise<void>) => async (): Promise<void> => {
      const hosts = twoHosts(stage, options);
      try {
        await play(hosts);
      } finally {
        await hosts.close();
      }
    };

  const key = () => stage.runtime.signer.publicKey;

  /** The counter, which counts already, can't go for want of this: the phases that this came to. */
  const refusedFor = async (hosts: TwoHosts, lacking: string): Promise<readonly string[]> => {
    await hosts.start("counter");
    await hosts.until("count 3");
    const phases: string[] = [];
    const told = ({ phase }: Progress): void => void phases.push(phase);
    const moved = await hosts.here.thread.migrate(["counter"], key(), {}, undefined, told);
    expect(moved).to.have.nested.property("left.lacks[0].name", lacking);
    return phases;
  };

  for (const precopy of [true, false])
    it(
      `law 2: goes on at its await, ${precopy ? "copied while it runs" : "stopped and copied"}`,
      on({ body: COUNT }, async (hosts) => {
        const { here, places } = hosts;
        const { free } = here.live;
        await hosts.start("counter");
        await hosts.until("count 3");
        const seen: Progress[] = [];
        const moved = await here.thread.migrate(["counter"], key(), { precopy }, undefined, (each) =>
          seen.push(each),
        );
        if (E.isLeft(moved)) throw new Error(JSON.stringify(moved.left));
        expect(moved.right).to.deep.include({
          event: "migrated",
          to: "there",
          generations: [2],
          stranded: null,
        });
        expect(hosts.homes("counter")).to.deep.equal(["there"]);
        await goesOn(hosts);
        expect(places.at(-1)).to.equal("there");
        expect(here.live.free).to.deep.equal(free);
        const phases = [...new Set(seen.map(({ phase }) => phase))];
        const copying = precopy ? ["copying"] : [];
        expect(phases).to.deep.equal(["surveying", ...copying, "holding", "offered", "released"]);
      }),
    );

  it(
    "comes back, and what is there already is not sent again",
    on(
      {
        body: `const big = Array.from({ length: 40000 }, (_, i) => "row " + i * 7919);\n${COUNT}\nvoid big;`,
      },
      async (hosts) => {
        const { here, there } = hosts;
        await hosts.start("counter");
        await hosts.until("count 2");
        const bytes: number[] = [];
        for (const from of [here, there, here]) {
          const moved = await from.thread.migrate(["counter"], key());
          if (E.isLeft(moved)) throw new Error(JSON.stringify(moved.left));
          bytes.push(moved.right.bytes);
          await goesOn(hosts);
        }
        await goesOn(hosts);
        // The second and third time only what changed since goes over the wire.
        expect(bytes[1]!).to.be.lessThan(bytes[0]! / 2);
        expect(bytes[2]!).to.be.lessThan(bytes[0]! / 2);
      },
    ),
  );

  it(
    "is refused with all that is missing at once, and never stopped",
    on(
      {
        body: `const files = await env.session(FileSystem, { label: "data" });
          const file = await files.open("a", { write: true, create: true }); ${COUNT} await file.close();`,
        here: { files: { data: MEMORY } },
        there: { ram: 1 << 20 },
        entryThere: { ram: 1 << 21, caps: 1, routes: [{ service: "LOG" }, { service: "File_system" }] },
      },
      async (hosts) => {
        await hosts.start("counter");
        await hosts.until("count 3");
        const refused = await hosts.here.thread.migrate(["counter"], key());
        const { left } = refused as { readonly left: Extract<MigrateError, { tag: "Lacking" }> };
        expect(left.tag).to.equal("Lacking");
        const lacking = left.lacks.map(({ what, name }) => `${what} ${name}`.trim());
        expect(lacking).to.include.members(["caps", "ram", "Timer", "File_system data"]);
        expect(hosts.homes("counter")).to.deep.equal(["here"]);
        await goesOn(hosts);
      },
    ),
  );

  for (const untold of [false, true])
    it(
      `law 7: is refused where its file is not, and does not come along as the sink has it${untold ? ", told only when it stands" : ", and never stopped"}`,
      on(
        {
          untold,
          body: `const files = await env.session(FileSystem, { label: "data" });
            const file = await files.open("a", { write: true, create: true }); ${COUNT} await file.close();`,
          ...{ here: { files: { data: MEMORY } }, there: { files: { data: MEMORY } } },
          entryThere: {
            routes: RESTORING,
          },
        },
        async (hosts) => {
          const phases = await refusedFor(hosts, "data/a");
          expect(phases.includes("holding")).to.equal(untold);
          expect(hosts.homes("counter")).to.deep.equal(["here"]);
          await goesOn(hosts);
        },
      ),
    );

  for (const [why, path, rights] of [
    ["there is no right to put it there", "a", ["read"]],
    ["there is no folder to put it in", "sub/a", ["read", "write", "create"]],
  ] as const)
    it(
      `law 7: is refused where its file comes along and ${why}, and never stopped`,
      on(
        {
          body: `const files = await env.session(FileSystem, { label: "data" });
            const file = await files.open("${path}", { read: true }); ${COUNT} await file.close();`,
          here: { files: { data: { ...MEMORY, content: { [path]: "text" } } } },
          there: { files: { data: { ...MEMORY, rights } } },
          routes: RESTORING,
        },
        async (hosts) => {
          const phases = await refusedFor(hosts, `data/${path}`);
          expect(phases).to.not.include("holding");
          await goesOn(hosts);
        },
      ),
    );

  it(
    "is refused where no entry has its name",
    on({ body: COUNT, entryThere: null }, async (hosts) => {
      await hosts.start("counter");
      await hosts.until("count 1");
      const refused = await hosts.here.thread.migrate(["counter"], key());
      expect(refused).to.have.nested.property("left.lacks[0].what", "entry");
      await goesOn(hosts);
    }),
  );

  for (const phase of ["surveying", "copying", "holding", "offered"] as const)
    it(
      `fault 40: runs on where it is when its user stops that while ${phase}`,
      on({ body: COUNT }, async (hosts) => {
        const { here, there, places } = hosts;
        await hosts.start("counter");
        await hosts.until("count 2");
        const stop = new AbortController();
        const told = (progress: Progress): void => {
          if (progress.phase === phase) stop.abort();
        };
        const stopped = await here.thread.migrate(["counter"], key(), {}, stop.signal, told);
        expect(stopped).to.have.nested.property("left.tag", "Aborted");
        await goesOn(hosts);
        expect(new Set(places)).to.deep.equal(new Set(["here"]));
        expect(there.live.child("counter")).to.equal(undefined);
      }),
    );

  it(
    "fault 40: runs on where it is when its user stops that before the other host has said a word",
    on({ body: COUNT }, async (hosts) => {
      const { here, answerBy } = hosts;
      await hosts.start("counter");
      const stop = new AbortController();
      answerBy(() => stop.abort());
      const stopped = await here.thread.migrate(["counter"], key(), {}, stop.signal);
      expect(stopped).to.have.nested.property("left.tag", "Aborted");
      await goesOn(hosts);
    }),
  );

  it(
    "fault 40: one that changes memory faster than the link carries it is stopped and moves all the same",
    on(
      {
        body: `const bytes = new Uint8Array(3 << 20); let n = 0;
          for (; n < 400; n++) { bytes.fill(n); if (n % 40 === 0) await log.write("count " + n); await timer.sleep(0); }
          await log.write("done " + bytes.every((each) => each === (n - 1) % 256));`,
      },
      async (hosts) => {
        await hosts.start("writer");
        await hosts.until("count 40");
        const moved = await hosts.here.thread.migrate(["writer"], key(), { rounds: 3, pause: 1 });
        if (E.isLeft(moved)) throw new Error(JSON.stringify(moved.left));
        expect(moved.right.rounds).to.be.at.most(3);
        await hosts.until("done true");
        expect(hosts.homes("writer").length).to.be.at.most(1);
      },
    ),
  );

  it(
    "hears by name what its task has no place for",
    on({ body: COUNT }, async (hosts) => {
      await hosts.start("counter");
      await hosts.until("count 2");
      const [first, second] = await Promise.all([
        hosts.here.thread.migrate(["counter"], key()),
        hosts.here.thread.migrate(["counter"], key()),
      ]);
      expect(E.isRight(first)).to.equal(true);
      expect(second).to.deep.include({ _tag: "Left" });
      expect(second).to.have.nested.property("left.tag", "WrongState");
      await goesOn(hosts);
    }),
  );
});
