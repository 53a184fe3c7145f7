// Live hosts of one process, each with a key and a store of its own in which it notes what it offered, decided and took:
// any of them may be out of contact, and come again with no more than its store.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { KeptDecisions } from "../../runtime/daemon/kept-decisions.ts";
import { KeptTakings } from "../../runtime/daemon/kept-takings.ts";
import { openMemoryStore } from "../../runtime/durable/store/memory-store.ts";
import type { StartConfig } from "../../runtime/host/host-config.ts";
import type { Keeper } from "../../runtime/host/keeper.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import type { Runtime } from "../../runtime/host/runtime.ts";
import { Roll } from "../../runtime/host/roll.ts";
import type { Signer } from "../../runtime/image/signer.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import { noLandings } from "../../runtime/migrate/landings.ts";
import { LiveSink } from "../../runtime/migrate/live-sink.ts";
import { LiveSource } from "../../runtime/migrate/live-source.ts";
import { MigThread } from "../../runtime/migrate/mig-thread.ts";
import { offersIn } from "../../runtime/migrate/open-offer.ts";
import { MemoryStays } from "../../runtime/migrate/stays.ts";
import { signerOfSeed } from "../image/sample-image.ts";
import type { Stage } from "./two-hosts.ts";
import { makeWire } from "./wire.ts";
import { soon } from "./soon.ts";

const BODY = `for (let n = 1; ; n++) { await log.write("count " + n); await timer.sleep(2); }`;
const NAME = "counter";
/** A host keeps so many. */
export const MOST_TRAILS = 8;

export interface TrailHost {
  readonly name: string;
  readonly signer: Signer;
  readonly live: LiveHost;
  readonly decisions: KeptDecisions;
  thread: MigThread;
  /** Its process ends and comes again: what runs is what lived, and all else is what its store says. */
  again(): Promise<void>;
  /** The next channels to others break at the first of these words. */
  breakAt: string | null;
}

export interface TrailHosts {
  readonly all: readonly TrailHost[];
  /** Pairs that are out of contact, `A B` in order of their names. */
  readonly apart: Set<string>;
  /** Moves the component; it is to succeed. */
  move(from: TrailHost, to: TrailHost): Promise<void>;
  /** Offers it, and stays in doubt there: the word that they are prepared never comes back. */
  offer(from: TrailHost, to: TrailHost): Promise<void>;
  /** The sink's operator declares the source gone. */
  resolve(at: TrailHost): Promise<void>;
  /** Where it lives. */
  homes(): readonly string[];
  /** Resolves once it lives there alone and nobody has anything to tell any more. */
  settles(at: TrailHost): Promise<void>;
  /** What one says to another, as anybody who is pinned could: the kind of its answer. */
  say(from: TrailHost, to: TrailHost, message: Parameters<Channel["send"]>[0]): Promise<string>;
  close(): Promise<void>;
}

export const trailHosts = async (stage: Stage, names: readonly string[]): Promise<TrailHosts> => {
  const { code, name: file, hash, sourceMap } = await stage.compiled(BODY);
  const routes = [{ service: "LOG" }, { service: "Timer" }];
  const config: StartConfig = {
    ...{ name: NAME, component: file, ram: 16 << 20, caps: 100, config: null, routes, turn: 30_000 },
  };
  const hosts = new Map<string, TrailHost>();
  const apart = new Set<string>();
  const isApart = (a: string, b: string): boolean => apart.has([a, b].toSorted().join(" "));

  const make = (name: string, signer: Signer): TrailHost => {
    // As in a process of its own: what lives at another host is not known.
    const runtime: Runtime = { ...stage.runtime, alive: new Set() };
    const opened = openMemoryStore({ bases: () => null });
    if (E.isLeft(opened)) throw new Error("no store");
    const roll = new Roll(opened.right);
    const keeper = { roll, depart: roll.depart.bind(roll) } as unknown as Keeper;
    const live = new LiveHost({
      config: { name, ram: 512 << 20, caps: 10_000, files: {}, gates: {}, roms: {}, trust: [] },
      runtime,
      emit: () => {},
    });
    const isAlive = (each: string): boolean => live.child(each)?.ending === null;
    const open = (): Pick<TrailHost, "decisions" | "thread"> => {
      const reserved = new Set<string>();
      const reserve = (those: readonly string[]) => {
        const taken = those.find((each) => reserved.has(each));
        if (taken !== undefined) return E.left({ tag: "Unfit", child: taken, reason: "is busy" } as const);
        for (const each of those) reserved.add(each);
        return E.right(() => {
          for (const each of those) reserved.delete(each);
        });
      };
      const takings = new KeptTakings(roll);
      const decisions = new KeptDecisions({
        ...{ keeper, departed: () => Promise.resolve(true), written: () => Promise.resolve(true) },
        mostTrails: MOST_TRAILS,
      });
      const thread = new MigThread({
        host: name,
        signer,
        source: new LiveSource({ live, runtime, decisions, reserve }),
        sink: new LiveSink({
          ...{ live, runtime, reserve, takings },
          entry: () => config,
          roomForOffers: (count) => decisions.trails.hasRoom(count),
          names: () => [NAME],
          isFree: (each) => !isAlive(each),
          enliven: async (container, image) => {
            const { from, cargo, manifest } = container;
            const inherited = await decisions.inherit(from, offersIn(cargo, manifest.children));
            if (E.isLeft(inherited)) throw new Error("a store in memory");
            const taken = await takings.later(container);
            if (E.isLeft(taken)) return taken;
            const { children } = taken.right.manifest;
            const manifested = { ...image, manifest: { ...image.manifest, children } };
            return live.reviveRead(manifested, container.task, { entry: () => config, owned: OWNED });
          },
          standing: () => Promise.resolve("owned"),
          epoch: async (identity) => {
            const epoch = await roll.epoch(identity);
            return E.isRight(epoch) ? epoch.right : 0;
          },
        }),
        stays: new MemoryStays(),
        landings: noLandings,
        dial: (key) => {
          const other = [...hosts.values()].find((each) => each.signer.publicKey === key);
          if (other === undefined || isApart(name, other.name))
            return Promise.resolve(E.left({ tag: "Link", peer: key, reason: "nobody is there" } as const));
          const [own, far] = makeWire(null).ends;
          const channel = new Channel(own, { peer: other.name });
          void other.thread.serve({ channel: new Channel(far, { peer: name }), key: signer.publicKey });
          const { breakAt } = host;
          host.breakAt = null;
          if (breakAt !== null) {
            const next = channel.next.bind(channel);
            channel.next = (async (...wanted: Parameters<typeof next>) => {
              const heard = await next(...wanted);
              if (E.isLeft(heard) || heard.right.kind !== breakAt) return heard;
              // Nobody hears of the other from now on.
              apart.add([name, other.name].toSorted().join(" "));
              channel.cut();
              return next(...wanted);
            }) as typeof channel.next;
          }
          return Promise.resolve(E.right({ channel, key }));
        },
        may: () => true,
        arrived: () => {},
        fetched: () => {},
        warn: () => {},
      });
      return { decisions, thread };
    };
    const host: TrailHost = {
      ...{ name, signer, live, breakAt: null, ...open() },
      async again() {
        host.thread.close();
        Object.assign(host, open());
        const recovered = await host.decisions.recover();
        expect(E.isRight(recovered)).to.equal(true);
        await host.thread.recover();
      },
    };
    return host;
  };
  for (const [i, name] of names.entries()) hosts.set(name, make(name, signerOfSeed(i + 1)));
  const all = [...hosts.values()];
  const homes = (): readonly string[] =>
    all.filter(({ live }) => live.child(NAME)?.ending === null).map(({ name }) => name);
  const started = await all[0]!.live.startCompiled(config, code, { file, hash, sourceMap });
  if (E.isLeft(started)) throw new Error(JSON.stringify(started.left));

  const isSettled = async (): Promise<boolean> => {
    for (const { decisions } of all) {
      const trails = await decisions.trails.all();
      if (E.isLeft(trails) || trails.right.length > 0 || (await decisions.unsettled()).length > 0)
        return false;
    }
    return true;
  };
  return {
    ...{ all, apart, homes },
    async move(from, to) {
      const moved = await from.thread.migrate([NAME], to.signer.publicKey);
      expect(E.isRight(moved), JSON.stringify(moved)).to.equal(true);
      expect(homes()).to.include(to.name);
    },
    async offer(from, to) {
      from.breakAt = "prepared";
      const moved = await from.thread.migrate([NAME], to.signer.publicKey);
      expect(E.isLeft(moved), JSON.stringify(moved)).to.equal(true);
      while (to.thread.doubts.length === 0) await soon();
    },
    async resolve(at) {
      expect(await at.thread.resolve(NAME)).to.deep.equal(E.right(undefined));
    },
    async settles(at) {
      while (homes().join() !== at.name || !(await isSettled())) await soon();
    },
    async say(from, to, message) {
      const [own, far] = makeWire(null).ends;
      const served = to.thread.serve({
        channel: new Channel(far, { peer: from.name }),
        key: from.signer.publicKey,
      });
      const channel = new Channel(own, { peer: to.name });
      await channel.greet(from.name);
      await channel.send(message);
      const heard = await channel.next(["noted", "verdict", "overtaken", "refused"]);
      channel.close();
      await served;
      return E.isLeft(heard) ? heard.left.tag : heard.right.kind;
    },
    async close() {
      for (const { thread } of all) thread.close();
      await Promise.all(all.map(({ live }) => live.close()));
    },
  };
};

const OWNED = Promise.resolve(E.right(undefined));
