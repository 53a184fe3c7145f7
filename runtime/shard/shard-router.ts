// A child's router: its start entry's routes, the providers that its own thread serves, and the portal to those
// that the host's thread serves.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { FileSystem } from "../../lib/session/file-system.ts";
import { Gate } from "../../lib/session/gate.ts";
import { Report } from "../../lib/session/report.ts";
import { Rom } from "../../lib/session/rom.ts";
import type { Clock } from "../core/clock.ts";
import { makeFileSystem, type FileSystemPosition } from "../core/file-system.ts";
import { makeGate, type GatePosition } from "../core/gate.ts";
import { makeLog, type LogSink } from "../core/log.ts";
import { makeRom, RomSource, type RomPosition } from "../core/rom.ts";
import { grantedRights, routeFor, type Route } from "../core/route.ts";
import type { CoreObject, Eventually } from "../core/service.ts";
import { makeTimer } from "../core/timer.ts";
import type { Router } from "../domain/router.ts";
import { directoryFiles } from "../provider/file/directory.ts";
import type { FileProvider, FileRight } from "../provider/file/file-provider.ts";
import type { GateRight } from "../provider/gate/gate-provider.ts";
import { outerGate } from "./outer-gate.ts";
import type { PortalClient } from "./portal-client.ts";
import type { ChildSpec } from "./protocol.ts";

export interface ShardRouterPowers {
  readonly portal: PortalClient;
  readonly log: LogSink;
}

/** The ROM that every child has without a route, and that none takes its place. */
const CONFIG = "config";

const isConfig = (service: string, label: string): boolean => service === Rom.service && label === CONFIG;

/** How sessions of one service are found and opened, once the route is known. */
interface Opener {
  /** The name of the provider, ROM or report behind the route. */
  target(route: Route, label: string): string;
  /** Whether the host has it. */
  exists(spec: ChildSpec, target: string): boolean;
  open(target: string, route: Route, position: unknown, clock: Clock): Eventually<CoreObject>;
}

export class ShardRouter implements Router {
  readonly #spec: ChildSpec;
  readonly #powers: ShardRouterPowers;
  readonly #directories = new Map<string, FileProvider>();
  readonly #config: RomSource;
  readonly #openers: ReadonlyMap<string, Opener>;

  constructor(spec: ChildSpec, powers: ShardRouterPowers) {
    this.#spec = spec;
    this.#powers = powers;
    this.#config = new RomSource(spec.config);
    const provider = (route: Route, label: string): string => route.to ?? label;
    const itself = { target: () => "", exists: () => true };
    this.#openers = new Map<string, Opener>([
      ["LOG", { ...itself, open: () => E.right(makeLog(powers.log)) }],
      [
        "Timer",
        {
          ...itself,
          open: (_target, route, _position, clock) =>
            E.right(makeTimer(clock, route.deadline ?? "remaining")),
        },
      ],
      [
        Rom.service,
        {
          target: (route, label) => route.report ?? route.to ?? label,
          exists: ({ roms }, target) => roms.has(target),
          open: (target, route, position) => powers.portal.open(Rom, target, route, position),
        },
      ],
      [
        Report.service,
        {
          target: (route, label) => route.report ?? route.to ?? label,
          exists: () => true,
          open: (target, route, position) => powers.portal.open(Report, target, route, position),
        },
      ],
      [
        FileSystem.service,
        {
          target: provider,
          exists: ({ files }, target) => files.has(target),
          open: (target, route, position) =>
            this.#openFiles(target, route, position as FileSystemPosition | null),
        },
      ],
      [
        Gate.service,
        {
          target: provider,
          exists: ({ gates }, target) => gates.has(target),
          open: (target, route, position) => this.#openGate(target, route, position as GatePosition | null),
        },
      ],
    ]);
  }

  refusal(service: string, label: string): SessionError | null {
    if (isConfig(service, label)) return null;
    const route = routeFor(this.#spec.routes, service, label);
    if (route === null) {
      return { tag: "Denied", service, label, reason: "no route matches" };
    }
    if (route.child !== undefined) return null;
    const opener = this.#openers.get(service);
    if (opener === undefined) return { tag: "NoSuchService", service, label };
    const target = opener.target(route, label);
    return opener.exists(this.#spec, target)
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
    const target = this.#openers.get(service)?.target(route, label) ?? "";
    const offered =
      service === FileSystem.service
        ? this.#spec.files.get(target)?.rights
        : service === Gate.service
          ? this.#spec.gates.get(target)?.rights
          : undefined;
    return offered === undefined ? null : grantedRights<FileRight | GateRight>(offered, route);
  }

  open(
    service: string,
    label: string,
    _args: unknown,
    position: unknown,
    clock: Clock,
  ): Eventually<CoreObject> {
    const refused = this.refusal(service, label);
    if (refused !== null) return E.left(refused);
    if (isConfig(service, label)) return E.right(makeRom(this.#config, position as RomPosition | null));
    const route = routeFor(this.#spec.routes, service, label)!;
    const opener = this.#openers.get(service);
    if (opener === undefined) return E.left({ tag: "NoSuchService", service, label });
    return opener.open(opener.target(route, label), route, position, clock);
  }

  child(service: string, label: string): { readonly child: string; readonly patience: number | null } | null {
    const route = isConfig(service, label) ? null : routeFor(this.#spec.routes, service, label);
    if (route?.child === undefined) return null;
    return { child: route.child, patience: route.patience ?? null };
  }

  provider(service: string, label: string): string {
    const route = isConfig(service, label) ? null : routeFor(this.#spec.routes, service, label);
    if (route?.child !== undefined) return route.child;
    return route === null ? "" : (this.#openers.get(service)?.target(route, label) ?? "");
  }

  #openFiles(target: string, route: Route, position: FileSystemPosition | null): Eventually<CoreObject> {
    const provider = this.#spec.files.get(target)!;
    if (provider.kind !== "directory") return this.#powers.portal.open(FileSystem, target, route, position);
    const directory = this.#directory(target, provider.path);
    return E.isLeft(directory)
      ? directory
      : E.right(
          makeFileSystem(
            directory.right,
            grantedRights(provider.rights, route),
            route.policy ?? "strict",
            position,
          ),
        );
  }

  #directory(name: string, directory: string): ReturnType<typeof directoryFiles> {
    const known = this.#directories.get(name);
    if (known !== undefined) return E.right(known);
    const opened = directoryFiles({ name, directory });
    if (E.isRight(opened)) this.#directories.set(name, opened.right);
    return opened;
  }

  async #openGate(
    target: string,
    route: Route,
    position: GatePosition | null,
  ): Promise<Awaited<Eventually<CoreObject>>> {
    const provider = this.#spec.gates.get(target)!;
    const outer = outerGate(target, provider);
    if (outer === null) return this.#powers.portal.open(Gate, target, route, position);
    const end = await outer.open(position);
    return E.isLeft(end) ? end : E.right(makeGate(target, end.right, grantedRights(provider.rights, route)));
  }

  /** Lets go of the providers themselves. */
  close(): void {
    for (const directory of this.#directories.values()) directory.close();
    this.#directories.clear();
  }
}
