// What a child's routes and its host's providers say of a session request, before anything is opened: whether it is
// granted, with which rights, and where it leads.
import type { SessionError } from "../../lib/error.ts";
import { FileSystem } from "../../lib/session/file-system.ts";
import { Gate } from "../../lib/session/gate.ts";
import { Report } from "../../lib/session/report.ts";
import { Rom } from "../../lib/session/rom.ts";
import type { RestingRoutes } from "../checkpoint/alarms.ts";
import { grantedRights, routeFor, type Route } from "../core/route.ts";
import type { Router } from "../domain/router.ts";
import type { FileRight } from "../provider/file/file-provider.ts";
import type { GateRight } from "../provider/gate/gate-provider.ts";
import type { ChildSpec } from "./protocol.ts";

/** The ROM that every child has without a route, and that none takes its place. */
const CONFIG = "config";

export const isConfig = (service: string, label: string): boolean =>
  service === Rom.service && label === CONFIG;

/** Where the sessions of one service lead, once the route is known. */
interface Place {
  /** The name of the provider, ROM or report behind the route. */
  target(route: Route, label: string): string;
  /** Whether the host has it. */
  exists(spec: ChildSpec, target: string): boolean;
}

const itself: Place = { target: () => "", exists: () => true };
const provider = (route: Route, label: string): string => route.to ?? label;

const places: ReadonlyMap<string, Place> = new Map<string, Place>([
  ["LOG", itself],
  ["Timer", itself],
  [
    Rom.service,
    {
      target: (route, label) => route.report ?? route.to ?? label,
      exists: ({ roms }, target) => roms.has(target),
    },
  ],
  [Report.service, { target: (route, label) => route.report ?? route.to ?? label, exists: () => true }],
  [FileSystem.service, { target: provider, exists: ({ files }, target) => files.has(target) }],
  [Gate.service, { target: provider, exists: ({ gates }, target) => gates.has(target) }],
]);

export class RouteTable implements Pick<Router, "refusal" | "rights" | "provider">, RestingRoutes {
  readonly #spec: ChildSpec;

  constructor(spec: ChildSpec) {
    this.#spec = spec;
  }

  refusal(service: string, label: string): SessionError | null {
    if (isConfig(service, label)) return null;
    const route = routeFor(this.#spec.routes, service, label);
    if (route === null) return { tag: "Denied", service, label, reason: "no route matches" };
    if (route.child !== undefined) return null;
    const place = places.get(service);
    if (place === undefined) return { tag: "NoSuchService", service, label };
    const target = place.target(route, label);
    return place.exists(this.#spec, target)
      ? null
      : {
          tag: "Denied",
          service,
          label,
          reason: `host ${this.#spec.host} has no provider "${target}" for it`,
        };
  }

  rights(service: string, label: string): ReadonlySet<string> | null {
    const route = routeFor(this.#spec.routes, service, label);
    if (route === null) return null;
    const target = this.target(route, service, label);
    const offered =
      service === FileSystem.service
        ? this.#spec.files.get(target)?.rights
        : service === Gate.service
          ? this.#spec.gates.get(target)?.rights
          : undefined;
    return offered === undefined ? null : grantedRights<FileRight | GateRight>(offered, route);
  }

  child(service: string, label: string): { readonly child: string; readonly patience: number | null } | null {
    const route = isConfig(service, label) ? null : routeFor(this.#spec.routes, service, label);
    if (route?.child === undefined) return null;
    return { child: route.child, patience: route.patience ?? null };
  }

  provider(service: string, label: string): string {
    const route = isConfig(service, label) ? null : routeFor(this.#spec.routes, service, label);
    if (route?.child !== undefined) return route.child;
    return route === null ? "" : this.target(route, service, label);
  }

  waitsInHost(gate: string): boolean {
    return this.#spec.gates.get(gate)?.kind === "queue";
  }
  isOwnRom(label: string): boolean {
    return isConfig(Rom.service, label);
  }

  /** The name of the provider, ROM or report behind a route; empty where the host itself serves it. */
  target(route: Route, service: string, label: string): string {
    return places.get(service)?.target(route, label) ?? "";
  }
}
