// Cross-checks of start entries: hosts, providers and reports exist, and the children's quotas fit their hosts.

import { item } from "./locate.ts";
import type { Path } from "./locate.ts";
import type { Names, ProviderKind } from "./names.ts";
import type { HostSpec } from "./schema-host.ts";
import type { Route } from "./schema-route.ts";
import type { StartSpec } from "./schema-start.ts";
import { renderBytes } from "../amount.ts";
import type { Complaints } from "./validate.ts";

const KINDS: Readonly<Partial<Record<string, ProviderKind>>> = {
  File_system: "files",
  Gate: "gates",
  ROM: "roms",
};

/** How messages call a provider of a kind. */
export const CALLED: Readonly<Record<ProviderKind, string>> = {
  files: "a file provider",
  gates: "a gate provider",
  roms: "a ROM",
};

/** A provider that a host lacks; that another kind has the name is worth saying. */
const checkProvider = (
  path: Path,
  name: string,
  kind: ProviderKind,
  host: string,
  names: Names,
  { about, unknown }: Complaints,
): void => {
  const providers = names.hosts.get(host);
  const known = providers?.[kind];
  if (known === undefined || known === null || known.includes(name)) return;
  const other = (["files", "gates", "roms"] as const).find((each) => providers?.[each]?.includes(name));
  if (other === undefined) unknown(path, name, `${CALLED[kind]} of host ${host}`, known);
  else about(path, `${JSON.stringify(name)} is ${CALLED[other]} of host ${host}; expected ${CALLED[kind]}`);
};

/** Whether a child of this name is the entry's, or one of its. */
const standsFor = ({ name, count }: Pick<DraftStart, "name" | "count">, child: string): boolean => {
  if (count === null) return name === child;
  const number = child.startsWith(`${name}-`) ? child.slice(name.length + 1) : "";
  return /^[1-9][0-9]{0,6}$/.test(number) && Number(number) <= count;
};

/** A child that a route leads to lives on the same host. */
const checkChild = (
  path: Path,
  child: string,
  host: string,
  start: readonly DraftStart[],
  { about, unknown }: Complaints,
): void => {
  const found = start.find((entry) => standsFor(entry, child));
  if (found === undefined)
    unknown(
      path,
      child,
      "a start entry",
      start.map(({ name, count }) => (count === null ? name : `${name}-1`)),
    );
  else if (found.on !== host)
    about(
      path,
      `${child} is on host ${found.on}; expected a child of host ${host}: routes stay on their host`,
    );
};

const checkRoute = (path: Path, route: Route, host: string, names: Names, complain: Complaints): void => {
  const kind = KINDS[route.service];
  if (kind === undefined || route.report !== undefined) return;
  if (route.to !== undefined) checkProvider([...path, "to"], route.to, kind, host, names, complain);
  // Without `to` the label is the provider's name. A ROM's label may also be a report, or `config`.
  else if (route.label !== undefined && kind !== "roms")
    checkProvider([...path, "label"], route.label, kind, host, names, complain);
};

/** Every ROM that reads a report has somebody who can publish it. */
const checkReports = (start: readonly DraftStart[], complain: Complaints): void => {
  const routes = start.flatMap((entry) =>
    entry.routes.map((route, index) => ({ route, path: ["start", entry.name, "routes", item(index)] })),
  );
  const known = new Set<string>();
  for (const { route } of routes) {
    if (route !== null && route.service !== "Report") continue;
    const published = route?.report ?? route?.label;
    // A Report route without any name publishes whatever its child calls it; a wrong one might be any.
    if (published === undefined) return;
    known.add(published);
  }
  for (const { route, path } of routes)
    if (route?.service === "ROM" && route.report !== undefined && !known.has(route.report))
      complain.unknown([...path, "report"], route.report, "a name that a Report route publishes", known);
};

/** What the checks need of an entry, which may be wrong elsewhere. A route that is wrong in itself is null. */
export interface DraftStart {
  readonly name: string;
  readonly on: string;
  readonly routes: readonly (Route | null)[];
  /** See `StartSpec`. */
  readonly count: number | null;
}

/** An entry that is many has names that no other one has, and only `up` knows them. */
const checkCount = (
  { name, count }: DraftStart,
  start: readonly DraftStart[],
  isRun: boolean,
  { about }: Complaints,
): void => {
  if (count === null) return;
  const path = ["start", name, "count"];
  if (isRun)
    about(
      path,
      "steps name single children; expected `count` in a host's configuration only, which has no steps",
    );
  for (const other of start)
    if (other.count === null && standsFor({ name, count }, other.name))
      about(path, `start.${other.name} has the name of one of these; expected another`);
};

/** `isRun`: the file has steps. */
export const validateStart = (
  start: readonly DraftStart[],
  names: Names,
  isRun: boolean,
  complain: Complaints,
): void => {
  for (const entry of start) checkCount(entry, start, isRun, complain);
  for (const { name, on, routes } of start) {
    if (!names.hosts.has(on)) complain.unknown(["start", name, "on"], on, "a host", names.hosts.keys());
    for (const [index, route] of routes.entries())
      if (route !== null) {
        const path = ["start", name, "routes", item(index)];
        if (route.child === undefined) checkRoute(path, route, on, names, complain);
        else checkChild([...path, "to", "child"], route.child, on, start, complain);
      }
  }
  checkReports(start, complain);
};

/** The quotas of a host's children, the later ones included, come out of the host's own. Of those that rest only the
 *  ones that are awake have any: each must find room alone. */
export const validateQuotas = (
  hosts: readonly HostSpec[],
  start: readonly StartSpec[],
  { about }: Complaints,
): void => {
  for (const host of hosts)
    for (const resource of ["ram", "caps"] as const) {
      let sum = 0;
      const quota = host[resource];
      for (const entry of start.filter(({ on }) => on === host.name)) {
        const rests = (entry.rest === undefined ? host.rest : entry.rest) !== null;
        const before = rests ? 0 : sum;
        const wanted = before + entry[resource] * (rests ? 1 : (entry.count ?? 1));
        if (!rests) sum = wanted;
        if (before > quota || wanted <= quota) continue;
        const words = (amount: number) => (resource === "ram" ? renderBytes(amount) : `${amount}`);
        const rest = `${words(quota - before)} of the ${words(quota)} of host ${host.name} ${before === 0 ? "is all there is" : "is left"}`;
        about(
          ["start", entry.name, resource],
          `start.${entry.name}.${resource} is ${words(entry[resource])}; expected no more than its host has: ${rest}`,
        );
      }
    }
};
