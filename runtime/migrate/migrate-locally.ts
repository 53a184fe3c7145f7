// A migration between two hosts of one process: the same run of source and sink, over a link in memory. Between them
// there is neither a network nor anybody to authenticate, and what either has decided ends with the process, as they do.
import { E, type Either } from "../../lib/fp.ts";
import type { StartConfig } from "../host/host-config.ts";
import { hostProse, type HostError } from "../host/host-error.ts";
import type { LiveHost } from "../host/live-host.ts";
import type { Runtime } from "../host/runtime.ts";
import type { Image } from "../image/image.ts";
import { tiesIn, type Ties } from "./carried-cargo.ts";
import { Channel } from "./channel.ts";
import type { Container } from "./container.ts";
import { MemoryDecisions } from "./decisions.ts";
import { noLandings } from "./landings.ts";
import { LiveSink } from "./live-sink.ts";
import { LiveSource } from "./live-source.ts";
import { carrierOf, isOpen, type LocalCarrier } from "./local-carriers.ts";
import { duplexPair } from "./local-link.ts";
import { MigThread } from "./mig-thread.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { Migrated, Progress, TravelOptions } from "./progress.ts";
import { MemoryStays, type Stays } from "./stays.ts";

/** One of the two. */
export interface LocalHost {
  readonly live: LiveHost;
  readonly runtime: Runtime;
  /** Under what a child of this name lives there. */
  readonly entry: (name: string) => StartConfig | undefined;
}

export interface LocalMigration {
  readonly names: readonly string[];
  readonly from: LocalHost;
  readonly to: LocalHost;
  readonly options?: TravelOptions;
  readonly signal?: AbortSignal;
  readonly progress?: (progress: Progress) => void;
}

/** What a host keeps of memories that have left it. */
const stays = new WeakMap<LiveHost, Stays>();

const staysOf = (live: LiveHost): Stays => {
  const known = stays.get(live) ?? new MemoryStays();
  stays.set(live, known);
  return known;
};

interface Arrived {
  readonly container: Container;
  readonly image: Image;
}

/** `other`: the host at the other end. */
const threadOf = (
  { live, runtime, entry }: LocalHost,
  other: LocalCarrier,
  dial: ConstructorParameters<typeof MigThread>[0]["dial"],
  failed: (arrived: Arrived, error: HostError) => void,
): MigThread => {
  const free = (): Either<MigrateError, () => void> => E.right(() => {});
  const { carrier } = carrierOf(live, entry);
  return new MigThread({
    host: live.config.name,
    signer: runtime.signer,
    source: new LiveSource({
      live,
      runtime,
      decisions: new MemoryDecisions(),
      reserve: free,
      entry,
      carrier,
      peer: () => other.id,
    }),
    sink: new LiveSink({
      ...{ live, runtime, entry, reserve: free, carries: true, knows: isOpen },
      names: () => [],
      isFree: (name) => live.child(name)?.ending !== null,
      enliven: async (container, image) => {
        const isTaken = (name: string): boolean => live.child(name)?.ending === null;
        await carrier.arrived(container.manifest.children, tiesIn(container.cargo), other.id, isTaken);
        const revived = await live.reviveRead(image, `the container of ${container.task}`, { entry });
        if (E.isLeft(revived)) failed({ container, image }, revived.left);
        else carrier.landed(other.id);
        return revived;
      },
      standing: () => Promise.resolve("owned"),
      epoch: () => Promise.resolve(0),
    }),
    stays: staysOf(live),
    landings: noLandings,
    dial,
    may: () => true,
    arrived: () => {},
    fetched: () => {},
    warn: () => {},
  });
};

/** Moves children from one host to the other. On Left they run on where they were; where the other one let them come and
 *  could not bring them to life after all, as an incarnation one later. */
export const migrateLocally = async ({
  names,
  from,
  to,
  options,
  signal,
  progress,
}: LocalMigration): Promise<Either<MigrateError, Migrated>> => {
  let stranded: { readonly arrived: Arrived; readonly error: HostError } | null = null;
  const nobody: ConstructorParameters<typeof MigThread>[0]["dial"] = () =>
    Promise.resolve(E.left({ tag: "Link", peer: from.live.config.name, reason: "it is over" }));
  const here = carrierOf(from.live, from.entry);
  const there = carrierOf(to.live, to.entry);
  const sink = threadOf(to, here, nobody, (arrived, error) => (stranded = { arrived, error }));
  const source = threadOf(
    from,
    there,
    (key) => {
      const [own, far] = duplexPair();
      void sink.serve({
        channel: new Channel(far, { peer: from.live.config.name }),
        key: from.runtime.signer.publicKey,
      });
      return Promise.resolve(E.right({ channel: new Channel(own, { peer: to.live.config.name }), key }));
    },
    () => {},
  );
  try {
    const migrated = await source.migrate(names, to.runtime.signer.publicKey, options, signal, progress);
    return stranded === null ? migrated : await takeBack(from, to, stranded);
  } finally {
    source.close();
    sink.close();
  }
};

/** What can't live there comes back to life here, from the container that it left in. */
const takeBack = async (
  { live, entry }: LocalHost,
  to: LocalHost,
  { arrived: { container, image }, error }: { readonly arrived: Arrived; readonly error: HostError },
): Promise<Either<MigrateError, never>> => {
  const here = carrierOf(live, entry);
  const there = carrierOf(to.live, to.entry);
  const { children } = container.manifest;
  // Those who have heard that they went there hear from there that they came back.
  const ties = await there.carrier.onward(tiesIn(container.cargo), { from: here.id, to: here.id });
  const back: Ties = E.isLeft(ties) ? new Map() : ties.right;
  const thirds = new Map([...back].map(([name, all]) => [name, all.filter(({ at }) => at !== undefined)]));
  const left = there.carrier.leaving(children, back, here.id);
  await here.carrier.arrived(children, thirds, there.id, (name) => live.child(name)?.ending === null);
  await there.carrier.left(children, left);
  const revived = await live.reviveRead(image, `the container of ${container.task}`, { entry });
  if (E.isRight(revived)) {
    here.carrier.landed(there.id);
    return E.left({ tag: "Host", error });
  }
  const names = children.map(({ name }) => name);
  return E.left({
    tag: "Unfit",
    child: names.join(", "),
    reason: `could not live there (${hostProse(error)}), and not here again either: ${hostProse(revived.left)}`,
  });
};
