// Clones of children, one or several that were frozen together: what they hold of one another becomes what the clones
// hold of one another, under links of their own, and what memory they share becomes memory that the clones share, so
// that neither originals nor clones meet the others.
import { E } from "../../lib/fp.ts";
import type { Parcel } from "../core/parcel.ts";
import { RemotePosition } from "../core/remote.ts";
import type { ServedRecord } from "../domain/service-record.ts";
import type { CapabilityRecord } from "../intercept/ledger.ts";
import { DataspacePosition } from "../intercept/ram.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Kin {
  /** Of the original. */
  readonly identity: string;
  readonly snapshot: Snapshot;
  readonly clone: { readonly identity: string; readonly name: string };
}

/** The links that lead from one of them to another, and those of requests that have no answer yet. */
const linksAmong = (kin: readonly Kin[]): ReadonlySet<string> => {
  const members = new Set(kin.map(({ identity }) => identity));
  return new Set(
    kin.flatMap(({ snapshot: { positions, services, calls } }) => [
      ...calls.flatMap(({ link }) => (link === undefined ? [] : [link])),
      ...positions.flatMap(([, position]) =>
        RemotePosition.is(position) && members.has(position.owner) ? [position.link] : [],
      ),
      ...(services?.served ?? []).flatMap(({ link, holder }) => (members.has(holder) ? [link] : [])),
    ]),
  );
};

/** The dataspaces that any of them shares. */
const dataspacesOf = (kin: readonly Kin[]): ReadonlySet<string> =>
  new Set(
    kin.flatMap(({ snapshot: { positions } }) =>
      positions.flatMap(([, position]) => {
        if (DataspacePosition.is(position)) return position.shared === undefined ? [] : [position.shared.id];
        return RemotePosition.is(position) && position.dataspace !== undefined ? [position.dataspace.id] : [];
      }),
    ),
  );

class Renaming {
  readonly #clones: ReadonlyMap<string, Kin["clone"]>;
  /** Of links and of dataspaces. */
  readonly #names: ReadonlyMap<string, string>;

  constructor(kin: readonly Kin[], fresh: () => string) {
    this.#clones = new Map(kin.map(({ identity, clone }) => [identity, clone]));
    this.#names = new Map([...linksAmong(kin), ...dataspacesOf(kin)].map((name) => [name, fresh()]));
  }

  snapshot(snapshot: Snapshot): Snapshot {
    const { ledger, positions, services, calls, inbox } = snapshot;
    const owners = new Map<number, string>();
    for (const [selector, position] of positions)
      if (RemotePosition.is(position)) owners.set(selector, position.owner);
    const record = ([selector, each]: [string, CapabilityRecord]): [string, CapabilityRecord] => {
      const owner = this.#clones.get(owners.get(Number(selector)) ?? "");
      return [
        selector,
        each.kind === "delegated" && owner !== undefined ? { ...each, child: owner.name } : each,
      ];
    };
    return {
      ...snapshot,
      ledger: {
        ...ledger,
        capabilities: Object.fromEntries(Object.entries(ledger.capabilities).map(record)),
      },
      positions: positions.map(([selector, position]) => [selector, this.#position(position)]),
      calls: calls.map((call) => (call.link === undefined ? call : { ...call, link: this.#name(call.link) })),
      inbox: inbox.map((event) =>
        event.about === undefined ? event : { ...event, about: this.#name(event.about) },
      ),
      ...(services === undefined
        ? {}
        : { services: { ...services, served: services.served.map((each) => this.#served(each)) } }),
    };
  }

  #name(name: string): string {
    return this.#names.get(name) ?? name;
  }

  #parcel(parcel: Parcel): Parcel {
    const capabilities = parcel.capabilities.map(({ dataspace, ...each }) => ({
      ...each,
      link: this.#name(each.link),
      ...(dataspace === undefined ? {} : { dataspace: { ...dataspace, id: this.#name(dataspace.id) } }),
    }));
    return { ...parcel, capabilities };
  }

  #position(position: unknown): unknown {
    if (RemotePosition.is(position)) return this.#remote(position);
    if (!DataspacePosition.is(position) || position.shared === undefined) return position;
    const { shared } = position;
    return { ...position, shared: { ...shared, id: this.#name(shared.id) } };
  }

  #remote(position: RemotePosition): RemotePosition {
    const owner = this.#clones.get(position.owner);
    if (owner === undefined) return position;
    const { dataspace } = position;
    return {
      ...position,
      ...(dataspace === undefined ? {} : { dataspace: { ...dataspace, id: this.#name(dataspace.id) } }),
      link: this.#name(position.link),
      owner: owner.identity,
      child: owner.name,
      calls: position.calls.map((call) => ({
        ...call,
        by: this.#cause(call.by),
        parcel: this.#parcel(call.parcel),
      })),
    };
  }

  /** `by` is a link and the id of a call on it. */
  #cause(by: string): string {
    const colon = by.indexOf(":");
    return colon < 0 ? by : `${this.#name(by.slice(0, colon))}${by.slice(colon)}`;
  }

  #served(served: ServedRecord): ServedRecord {
    const holder = this.#clones.get(served.holder);
    if (holder === undefined) return served;
    return {
      ...served,
      link: this.#name(served.link),
      holder: holder.identity,
      running: served.running.map((call) => ({
        ...call,
        passedOn:
          call.passedOn === null
            ? null
            : {
                ...call.passedOn,
                parcel: this.#parcel(call.passedOn.parcel),
                from: { identity: holder.identity, child: holder.name },
              },
      })),
      kept: served.kept.map(({ id, answer }) => ({
        id,
        answer: E.map((parcel: Parcel) => this.#parcel(parcel))(answer),
      })),
    };
  }
}

/** The snapshots of the clones, in the same order. `fresh` makes names for links. */
export const asKin = (kin: readonly Kin[], fresh: () => string): readonly Snapshot[] => {
  const renaming = new Renaming(kin, fresh);
  return kin.map(({ snapshot }) => renaming.snapshot(snapshot));
};
