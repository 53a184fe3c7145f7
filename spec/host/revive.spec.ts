// A revival asks the host for everything again, and comes whole or not at all.
import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { disk } from "../../runtime/image/disk.ts";
import type { HostEvent, HostFacts, RouteOptions } from "../../runtime/index.ts";
import { failingPower } from "../image/failing-power.ts";
import { ALL, COUNT, COUNTED, COUNTED_LINES, factsOf, onStage, type Stage } from "./stage.ts";

const run = promisify(execFile);
const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const freezeAtThree = async ({ start }: Stage): Promise<void> => {
  const child = await start("counter", COUNT);
  await child.until({ log: "count 3" });
  await child.freeze("counter.cryo");
};

/** The image is as it was: under the routes of its start it goes on to its end. */
const stillGood = async ({ host, log, read }: Stage, child = "counter"): Promise<void> => {
  const revived = await host.revive("counter.cryo", { routes: ALL });
  expect(await revived.ended).to.deep.equal({ kind: "exited", code: 0 });
  expect(log(child)).to.deep.equal(COUNTED);
  expect(await read("data/count.txt")).to.equal(COUNTED_LINES);
};

interface Missing {
  readonly service: string;
  readonly name: string;
  readonly error: { readonly tag: string; readonly right?: string };
}

const refusedBy = (facts: HostFacts): readonly string[] => {
  const { error } = facts as {
    readonly error: { readonly tag: string; readonly missing: readonly Missing[] };
  };
  expect(error.tag).to.equal("Refused");
  return error.missing.map(({ service, name, error: { tag, right } }) =>
    [service, name, tag, right].filter((each) => each !== "" && each !== undefined).join(" "),
  );
};

const without = (service: string): readonly RouteOptions[] =>
  ALL.filter((route) => route.service !== service);

describe("host: a revival under other routes", () => {
  for (const [what, routes, missing] of [
    ["no route for its files", without("File_system"), ["File_system data Denied"]],
    ["no routes at all", [], ["LOG Denied", "Timer Denied", "File_system data Denied"]],
    [
      "a right withdrawn",
      [...without("File_system"), { service: "File_system", rights: ["read", "create"] }],
      ["File count.txt Denied write"],
    ],
    [
      "a provider that the host does not have",
      [...without("File_system"), { service: "File_system", to: "elsewhere" }],
      ["File_system data Denied"],
    ],
  ] as const satisfies readonly (readonly [string, readonly RouteOptions[], readonly string[]])[])
    it(
      `fault 21: ${what}: denied by name before anything has run, and the image stays good`,
      onStage(async (stage) => {
        await freezeAtThree(stage);
        const denied: HostEvent[] = [];
        stage.host.on("denied", (event) => denied.push(event));
        const facts = await factsOf(stage.host.revive("counter.cryo", { routes }));
        expect(refusedBy(facts)).to.deep.equal(missing);
        expect(denied).to.have.length(missing.length);
        expect(stage.log("counter")).to.deep.equal(COUNTED.slice(0, 3));
        expect(await readdir(join(stage.folder, "state", "claims"))).to.deep.equal([]);
        await stillGood(stage);
      }),
    );

  it(
    "an image without a start entry on this host is refused",
    onStage(async (stage) => {
      await freezeAtThree(stage);
      const other = await stage.another({ files: { data: { directory: join(stage.folder, "data") } } });
      expect(await factsOf(other.revive("counter.cryo"))).to.deep.include({
        tag: "NoEntry",
        child: "counter",
      });
      await stillGood(stage);
    }),
  );
});

describe("host: images of other hosts", () => {
  it(
    "fault 22: an image of another key is refused, and accepted once that key is trusted",
    onStage(async (stage) => {
      await freezeAtThree(stage);
      const files = { data: { directory: join(stage.folder, "data") } };
      const image = join(stage.folder, "state", "counter.cryo");
      const stranger = await stage.another({ state: join(stage.folder, "foreign"), files });
      const facts = await factsOf(stranger.revive(image, { routes: ALL }));
      expect(facts).to.deep.include({ tag: "Image" });
      expect((facts as { error: object }).error).to.deep.equal({
        tag: "UntrustedKey",
        key: stage.host.publicKey,
        trusted: [stranger.publicKey],
      });
      const friend = await stage.another({
        state: join(stage.folder, "friend"),
        files,
        trust: [stage.host.publicKey],
      });
      const child = await friend.revive(image, { routes: ALL });
      expect(child.generation).to.equal(2);
      expect(await child.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(await stage.read("data/count.txt")).to.equal(COUNTED_LINES);
    }),
  );
});

describe("host: a revival with too little quota", () => {
  it(
    "fault 33: the entry's RAM: refused before anything is acquired",
    onStage(async (stage) => {
      const body = `const kept = new Uint8Array(4_000_000).fill(1);${COUNT}\n  void kept.length;`;
      const child = await stage.start("counter", body, { ram: "16M" });
      await child.until({ log: "count 3" });
      await child.freeze("counter.cryo");
      const facts = await factsOf(stage.host.revive("counter.cryo", { ram: "4M" }));
      expect(facts).to.deep.include({ tag: "Checkpoint" });
      expect((facts as { error: object }).error).to.deep.include({
        tag: "Quota",
        resource: "ram",
        available: 4 << 20,
      });
      const revived = await stage.host.revive("counter.cryo", { ram: "16M" });
      expect(await revived.ended).to.deep.equal({ kind: "exited", code: 0 });
      expect(stage.log("counter")).to.deep.equal(COUNTED);
    }),
  );

  it(
    "fault 33: the entry's capabilities",
    onStage(async (stage) => {
      await freezeAtThree(stage);
      const facts = await factsOf(stage.host.revive("counter.cryo", { caps: 2 }));
      expect((facts as { error: object }).error).to.deep.include({
        tag: "Quota",
        resource: "caps",
        available: 2,
      });
      const revived = await stage.host.revive("counter.cryo", { caps: 100 });
      await revived.ended;
      expect(stage.log("counter")).to.deep.equal(COUNTED);
    }),
  );

  it("fault 33: the host's", () =>
    onStage(
      async (stage) => {
        await freezeAtThree(stage);
        const other = await stage.start("other", `await (await env.session(Timer)).sleep(1e6);`, {
          ram: "8M",
        });
        expect(await factsOf(stage.host.revive("counter.cryo"))).to.deep.equal({
          tag: "HostQuota",
          host: "here",
          resource: "ram",
          wanted: 8 << 20,
          available: 4 << 20,
        });
        expect(await factsOf(stage.start("third", ""))).to.deep.include({ tag: "HostQuota" });
        await other.kill();
      },
      { ram: "12M" },
    )());
});

describe("host: the owner of an image", () => {
  it(
    "fault 36: of two revivals at once one gets it",
    onStage(async (stage) => {
      await freezeAtThree(stage);
      const both = [stage.host.revive("counter.cryo"), stage.host.revive("counter.cryo")];
      const settled = await Promise.allSettled(both);
      const [won, lost] = settled.toSorted((a, b) => a.status.localeCompare(b.status));
      expect([won!.status, lost!.status]).to.deep.equal(["fulfilled", "rejected"]);
      expect((lost as { reason: { facts: HostFacts } }).reason.facts.tag).to.be.oneOf([
        "AlreadyRunning",
        "UsedUp",
      ]);
      await stage.host.child("counter")!.ended;
      expect(stage.log("counter")).to.deep.equal(COUNTED);
      expect(await factsOf(stage.host.revive("counter.cryo"))).to.deep.include({ tag: "UsedUp" });
    }),
  );

  it(
    "fault 36: of two hosts of one state directory one gets it",
    onStage(async (stage) => {
      await freezeAtThree(stage);
      const files = { data: { directory: join(stage.folder, "data") } };
      const hosts = await Promise.all([
        stage.another({ files }),
        stage.another({ files }),
        stage.another({ files }),
      ]);
      const settled = await Promise.allSettled(
        hosts.map((host) => host.revive("counter.cryo", { routes: ALL, held: true })),
      );
      const reasons = settled.flatMap((each) =>
        each.status === "rejected" ? [(each.reason as { facts: HostFacts }).facts.tag] : [],
      );
      expect(reasons).to.deep.equal(["UsedUp", "UsedUp"]);
      for (const host of hosts) for (const child of host.children) await child.kill();
    }),
  );

  it(
    "fault 36: a clone only when asked for, with an identity of its own, and any number of times",
    onStage(async (stage) => {
      const body = `
        const log = await env.session(Log);
        await log.write("here");
        await log.write("and on");`;
      const child = await stage.start("original", body);
      await child.until({ log: "here" });
      await child.freeze("original.cryo");
      const clones = await Promise.all([
        stage.host.revive("original.cryo", { as: "one", routes: ALL }),
        stage.host.revive("original.cryo", { as: "two", routes: ALL }),
      ]);
      const itself = await stage.host.revive("original.cryo");
      const all = [child, itself, ...clones];
      expect(new Set(all.map(({ identity }) => identity)).size).to.equal(3);
      expect(all.map(({ generation }) => generation)).to.deep.equal([1, 2, 1, 1]);
      await Promise.all(all.map(({ ended }) => ended));
      expect(stage.log("original")).to.deep.equal(["here", "and on"]);
      expect([stage.log("one"), stage.log("two")]).to.deep.equal([["and on"], ["and on"]]);
    }),
  );

  it(
    "an image of a child that lives is not revived beside it",
    onStage(async (stage) => {
      const child = await stage.start("counter", COUNT);
      await child.until({ log: "count 3" });
      await child.checkpoint("counter.cryo");
      expect(await factsOf(stage.host.revive("counter.cryo"))).to.deep.equal({
        tag: "AlreadyRunning",
        child: "counter",
      });
      child.go();
      await child.ended;
      expect(stage.log("counter")).to.deep.equal(COUNTED);
    }),
  );

  it("fault 32: where the claim can't be written, nothing is claimed and a retry works", async () => {
    for (const operation of ["makeFolder", "create", "write", "sync", "close", "syncFolder"]) {
      let armed = false;
      const images = failingPower(disk, (_n, name) => (armed && name === operation ? "ENOSPC" : null));
      await onStage(
        async (stage) => {
          await freezeAtThree(stage);
          armed = true;
          // Reading the image closes it too, which no one minds.
          const facts = await factsOf(stage.host.revive("counter.cryo"));
          armed = false;
          expect(facts, operation).to.deep.include({ tag: "Image" });
          expect((facts as { error: object }).error, operation).to.deep.include({ code: "ENOSPC" });
          await stillGood(stage);
        },
        { images },
      )();
    }
  });
});

describe("host: processes", () => {
  it(
    "frozen in one process, revived in another, and in no third",
    onStage(async ({ folder, read }) => {
      const [state, data] = [join(folder, "state"), join(folder, "data")];
      const component = join(folder, "components", "counter.ts");
      await writeFile(
        component,
        `import { component, FileSystem, Log, Timer } from "cryonode";
         export default component(async (env) => {${COUNT}});`,
      );
      const made = await run(process.execPath, [script("make-frozen.js"), state, data, component]);
      expect(Number(made.stdout)).to.not.equal(process.pid);
      expect(await read("data/count.txt")).to.equal("1\n2\n3\n");
      const revived = await run(process.execPath, [script("make-revived.js"), state, data, "counter.cryo"]);
      expect(revived.stdout.trim().split("\n")).to.deep.equal(COUNTED.slice(3));
      expect(await read("data/count.txt")).to.equal(COUNTED_LINES);
      const again = await run(process.execPath, [script("make-revived.js"), state, data, "counter.cryo"]);
      expect(again.stdout).to.equal("UsedUp\n");
    }),
  );
});
