// The `migrate` step: children move to another host of the scenario while they run.
import { E } from "../../../lib/fp.ts";
import type { StartConfig } from "../../host/host-config.ts";
import type { LiveHost } from "../../host/live-host.ts";
import { migrateLocally } from "../../migrate/migrate-locally.ts";
import { isDenial, type Lack } from "../../migrate/lack.ts";
import type { Outcome, Play } from "../play.ts";
import type { Action } from "../schema-step.ts";

type MigrateStep = Extract<Action, { readonly step: "migrate" }>;

/** What a refusal denied, told as any denial is. */
const tellDenied = (lacks: readonly Lack[], play: Play): void => {
  for (const { child, what, name, reason } of lacks.filter(isDenial))
    play.tell({ event: "denied", child, service: what, label: name, reason });
};

export const migrate = async (
  { children, to, precopy, within }: MigrateStep,
  play: Play,
): Promise<Outcome> => {
  const places = children.map((child) => ({ child, host: play.found(child)?.host }));
  const host = places[0]!.host;
  const lost = places.find((each) => each.host === undefined);
  if (host === undefined || lost !== undefined)
    return E.left({ tag: "Host", error: { tag: "NoSuchChild", child: lost?.child ?? children[0]! } });
  if (places.some((each) => each.host !== host))
    return E.left({
      tag: "Apart",
      children: places.map((each) => ({ child: each.child, host: each.host!.config.name })),
    });
  const entry = (name: string): StartConfig | undefined => play.entry(name)?.config;
  const on = (live: LiveHost) => ({ live, runtime: play.runtime, entry });
  const migrated = await migrateLocally({
    names: children,
    from: on(host),
    to: on(play.hosts.get(to)!),
    signal: play.signal,
    options: {
      ...(precopy === undefined ? {} : { precopy }),
      ...(within === undefined ? {} : { deadline: within }),
    },
  });
  if (E.isLeft(migrated)) {
    if (migrated.left.tag === "Lacking") tellDenied(migrated.left.lacks, play);
    return E.left({ tag: "Migrate", error: migrated.left });
  }
  const { event, children: names, generations, ...facts } = migrated.right;
  for (const [i, child] of names.entries())
    play.tell({ event, child, generation: generations?.[i] ?? null, ...facts });
  return E.right(undefined);
};
