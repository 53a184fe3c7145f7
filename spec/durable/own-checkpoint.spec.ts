// A checkpoint that the host makes by itself, and what is asked for meanwhile: it waits, and nothing is refused for it.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E, type Either } from "../../lib/fp.ts";
import { Journal } from "../../runtime/durable/journal/journal.ts";
import { openMemoryStore } from "../../runtime/durable/store/memory-store.ts";
import type { Store } from "../../runtime/durable/store/store.ts";
import type { StoreError } from "../../runtime/durable/store/store-error.ts";
import { DEFAULT_KEEPING, type StartConfig } from "../../runtime/host/host-config.ts";
import type { HostError } from "../../runtime/host/host-error.ts";
import { Keeper } from "../../runtime/host/keeper.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import { startRuntime } from "../../runtime/host/runtime.ts";

const HOLDER = `import { component, FileSystem, Gate, Log } from "cryonode";
export default component(async (env) => {
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("held.txt", { write: true, create: true, append: true });
  await file.write("held\\n");
  await env.session(Gate, { label: "line" });
  await (await env.session(Log)).write("holds");
  await new Promise(() => {});
});
`;

const right = <T>(value: Either<unknown, T>): T => {
  if (E.isRight(value)) return value.right;
  throw new Error(JSON.stringify(value.left));
};

interface World {
  readonly host: LiveHost;
  readonly keeper: Keeper;
  readonly config: StartConfig;
  readonly image: string;
  /** What a commit of checkpoints waits for, and fails with, from now on. */
  commit: (() => Promise<StoreError | null>) | null;
}

/** A body for `it`. The child holds a file open. */
const inWorld = (play: (world: World) => Promise<void>) => async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-own-"));
  const component = join(folder, "holder.ts");
  await writeFile(component, HOLDER);
  for (const name of ["journal", "logs", "data"]) await mkdir(join(folder, name));
  const runtime = right(await startRuntime(join(folder, "state"), { threads: 1 }));
  const store = right(openMemoryStore({ bases: (hash) => runtime.platform.base(hash) }));
  const journal = right(Journal.open(join(folder, "journal")));
  const commit: Store["commit"] = async (changes) => {
    const error = changes.checkpoints === undefined ? null : await world.commit?.();
    if (error === null || error === undefined) return store.commit(changes);
    for (const prepared of changes.checkpoints ?? []) prepared.drop();
    return E.left(error);
  };
  const keeper = right(
    await Keeper.open({
      store: new Proxy(store, {
        get: (whole, key: keyof Store) =>
          key === "commit" ? commit : (whole[key] as (...args: unknown[]) => unknown).bind(whole),
      }),
      ...{ journal, logs: join(folder, "logs"), boot: "one", warn: () => {} },
    }),
  );
  let holds = (): void => {};
  const held = new Promise<void>((resolve) => (holds = resolve));
  const data = {
    kind: "directory",
    path: join(folder, "data"),
    rights: ["read", "write", "create"],
  } as const;
  // Where it stands is asked of the host's thread.
  const line = { kind: "queue", rights: ["send", "receive"] } as const;
  const host = new LiveHost({
    config: {
      name: "here",
      ram: 64 << 20,
      caps: 1000,
      files: { data },
      gates: { line },
      roms: {},
      trust: [],
    },
    runtime,
    keeper,
    emit: ({ event }) => {
      if (event === "log") holds();
    },
  });
  const routes = [{ service: "LOG" }, { service: "File_system" }, { service: "Gate" }];
  const config = {
    ...{ name: "holder", component, ram: 8 << 20, caps: 100 },
    ...{ config: null, turn: 1000, routes },
    // None but those that are made here.
    keeping: { ...DEFAULT_KEEPING, checkpoint: { turns: 1e6, bytes: 1 << 30, every: null } },
  };
  const world: World = { host, keeper, config, image: join(folder, "holder.cryo"), commit: null };
  try {
    right(await host.start(config));
    await held;
    await play(world);
  } finally {
    await host.close();
    journal.close();
    await runtime.close();
    await rm(folder, { recursive: true, force: true });
  }
};

/** Resolves when a checkpoint is committed, which goes well. */
const nextCommit = (world: World): Promise<void> =>
  new Promise((resolve) => {
    world.commit = () => {
      resolve();
      return Promise.resolve(null);
    };
  });

describe("a checkpoint of the host's own", function () {
  this.timeout(30_000);

  it(
    "fault 5: while it is made, a migration has its glimpse of the memory, and a freeze its capture",
    inWorld(async ({ host }) => {
      const child = host.child("holder")!;
      const kept = child.keep(null);
      const glimpsed = child.glimpse(null);
      const captured = await child.capture(5000, null);
      child.resume();
      right(await kept);
      expect(await glimpsed).not.equal(null);
      right(captured);
    }),
  );

  it(
    "fault 5: one that has not ended when the child is frozen is waited for",
    inWorld(async (world) => {
      const { host, keeper, config, image } = world;
      let letGo = (): void => {};
      const committing = new Promise<void>((begun) => {
        world.commit = () => {
          begun();
          return new Promise((resolve) => {
            letGo = () => resolve(null);
          });
        };
      });
      const kept = keeper.checkpoint(host.child("holder")!);
      await committing;
      world.commit = null;
      right(await host.freeze(["holder"], { image }));
      const forgotten = keeper.forget("holder", host.child("holder")!.identity.identity);
      // It has come to wait, or does not.
      await Promise.race([forgotten, new Promise((resolve) => setTimeout(resolve, 100))]);
      letGo();
      right(await kept);
      right(await forgotten);
      right(await host.revive(image, { entry: () => config }));
    }),
  );

  it(
    "that is merely due waits while the child is about to leave for another host, also where it has begun",
    inWorld(async (world) => {
      const { host, keeper } = world;
      const child = host.child("holder")!;
      const commits = { count: 0 };
      world.commit = () => {
        commits.count += 1;
        return Promise.resolve(null);
      };
      const before = keeper.last(child)!;
      const begun = keeper.due(child);
      const letBe = keeper.putOff([child]);
      await begun;
      await keeper.due(child);
      expect(commits.count).to.equal(0);
      expect(keeper.last(child)).to.equal(before);
      // What must be is not put off.
      right(await keeper.checkpoint(child));
      expect(commits.count).to.equal(1);
      const made = nextCommit(world);
      letBe();
      await made;
    }),
  );

  it(
    "leaves its copy of the memory for a look at one that is about to leave; what is in it then is the memory",
    inWorld(async (world) => {
      const { host, keeper } = world;
      const child = host.child("holder")!;
      const begun = keeper.due(child);
      const letBe = keeper.putOff([child]);
      await begun;
      const given = keeper.lend(child)!;
      const look = async (into: SharedArrayBuffer | null): Promise<Uint8Array> =>
        (await child.glimpse(into))!.memory;
      // It may yet take turns of its beginning: a look between two that are alike is like them.
      for (let isQuiet = false; !isQuiet;) {
        const before = await look(null);
        new Uint8Array(given).fill(1);
        expect(await look(given)).to.have.length.below(given.byteLength);
        const after = await look(null);
        isQuiet = Buffer.compare(before, after) === 0;
        if (isQuiet)
          expect(Buffer.compare(new Uint8Array(given, 0, after.length), after), "what is in it").to.equal(0);
      }
      expect(new Uint8Array(given).at(-1)).to.equal(1);
      expect(keeper.lend(child)).to.equal(null);
      const made = nextCommit(world);
      letBe();
      await made;
    }),
  );

  it(
    "of a revival is not written before it is written down whose it is, nor where that fails",
    inWorld(async (world) => {
      const { host, keeper, config, image } = world;
      right(await host.freeze(["holder"], { image }));
      right(await keeper.forget("holder", host.child("holder")!.identity.identity));
      let commits = 0;
      world.commit = () => {
        commits += 1;
        return Promise.resolve(null);
      };
      const entry = (): typeof config => config;
      const failed = { tag: "Unkept", child: "holder", reason: "the disk is full" } as const;
      for (const owned of [E.left<HostError>(failed), E.right(undefined)]) {
        let decide = (_: Either<HostError, void>): void => {};
        const revived = host.revive(image, { entry, owned: new Promise((resolve) => (decide = resolve)) });
        await new Promise((resolve) => setTimeout(resolve, 50));
        expect(commits).to.equal(0);
        decide(owned);
        expect(E.isRight(await revived)).to.equal(E.isRight(owned));
      }
      expect(commits).to.equal(1);
    }),
  );

  it(
    "fault 4: where the first one of a revival fails, the image is as good as before",
    inWorld(async (world) => {
      const { host, keeper, config, image } = world;
      right(await host.freeze(["holder"], { image }));
      right(await keeper.forget("holder", host.child("holder")!.identity.identity));
      world.commit = () => Promise.resolve({ tag: "NoSpace", path: "the store", step: "write" });
      expect(await host.revive(image, { entry: () => config })).to.satisfy(E.isLeft);
      world.commit = null;
      right(await host.revive(image, { entry: () => config }));
    }),
  );
});
