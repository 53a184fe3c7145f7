// Sessions that are carried between hosts of one process: each has a carrier once somebody has moved between it and
// another one, and they speak over links in memory.
import { randomUUID } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import type { StartConfig } from "../host/host-config.ts";
import type { LiveHost } from "../host/live-host.ts";
import { Carrier } from "./carrier.ts";
import { Channel } from "./channel.ts";
import { duplexPair } from "./local-link.ts";
import type { MigrateError } from "./migrate-error.ts";

/** A host that sessions are carried to and from, and what the others know it by. */
export interface LocalCarrier {
  readonly id: string;
  readonly carrier: Carrier;
}

const carriers = new WeakMap<LiveHost, LocalCarrier>();
/** Those that are open, by what they are known by. */
const open = new Map<string, LiveHost>();

/** Those of one process know one another. */
export const isOpen = (id: string): boolean => open.has(id);

const nameOf = (id: string): string => open.get(id)?.config.name ?? "a host that has ended";

const dial = async (own: string, to: string): Promise<Either<MigrateError, Channel>> => {
  const gone: Either<MigrateError, never> = E.left({ tag: "Link", peer: nameOf(to), reason: "it has ended" });
  const there = open.get(to);
  const found = there === undefined ? undefined : carriers.get(there);
  if (found === undefined) return gone;
  const [near, far] = duplexPair();
  const served = new Channel(far, { peer: nameOf(own) });
  void served.next(["carry"]).then(async (said) => {
    if (E.isRight(said)) await found.carrier.serve(served, own, said.right.version);
    served.close();
  });
  return E.right(new Channel(near, { peer: nameOf(to) }));
};

/** The carrier of a host. `entry`: under what children live there. */
export const carrierOf = (live: LiveHost, entry: (name: string) => StartConfig | undefined): LocalCarrier => {
  const known = carriers.get(live);
  if (known !== undefined) return known;
  const id = randomUUID();
  const carrier = new Carrier({
    ...{ own: id, live, entry, nameOf, knows: isOpen },
    book: {
      all: () => Promise.resolve([]),
      note: () => Promise.resolve(E.right(undefined)),
      drop: () => Promise.resolve(E.right(undefined)),
    },
    dial: (to) => dial(id, to),
    settled: () => Promise.resolve(),
    hasEnded: () => Promise.resolve(false),
    kept: (child) => Promise.resolve(live.identityOf(child)),
    names: () => [],
    warn: () => {},
  });
  const made = { id, carrier };
  carriers.set(live, made);
  open.set(id, live);
  live.broker.closed = () => {
    carrier.close();
    open.delete(id);
  };
  return made;
};
