// A child's router: its start entry's routes, the providers that its own thread serves, and the portal to those
// that the host's thread serves.
import { E } from "../../lib/fp.ts";
import { FileSystem } from "../../lib/session/file-system.ts";
import { Gate } from "../../lib/session/gate.ts";
import { Report } from "../../lib/session/report.ts";
import { Rom } from "../../lib/session/rom.ts";
import type { Clock } from "../core/clock.ts";
import { makeFileSystem, type FileSystemPosition } from "../core/file-system.ts";
import { makeGate, openGate, type GatePosition } from "../core/gate.ts";
import { makeLog, type LogSink } from "../core/log.ts";
import { makeRom, RomSource, type RomPosition } from "../core/rom.ts";
import { grantedRights, routeFor, type Route } from "../core/route.ts";
import type { CoreObject, Eventually } from "../core/service.ts";
import { makeTimer } from "../core/timer.ts";
import type { Router } from "../domain/router.ts";
import type { EpochFiles } from "../provider/epoch/epoch-file.ts";
import { fileFence, type EpochPlace } from "../provider/epoch/file-fence.ts";
import type { Bar, Fence } from "../provider/epoch/incarnation.ts";
import { directoryFiles } from "../provider/file/directory.ts";
import type { FileProvider } from "../provider/file/file-provider.ts";
import { EPOCHS } from "../provider/file/path.ts";
import { outerGate } from "./outer-gate.ts";
import type { PortalClient } from "./portal-client.ts";
import type { ChildSpec } from "./protocol.ts";
import { isConfig, RouteTable } from "./route-table.ts";

export interface ShardRouterPowers {
  readonly portal: PortalClient;
  readonly log: LogSink;
  readonly epochs: EpochFiles;
  /** Down once a provider has found the child to be stale. */
  readonly bar: Bar;
}

/** Opens a session of one service, once the route is known. `target`: the provider, ROM or report behind it. */
type Opener = (target: string, route: Route, position: unknown, clock: Clock) => Eventually<CoreObject>;

const apart = ({ sent, received, unread, partial, parted }: GatePosition): GatePosition => ({
  ...{ sent, received, unread, partial },
  ...(parted === undefined ? {} : { parted }),
});

export class ShardRouter extends RouteTable implements Router {
  readonly #spec: ChildSpec;
  readonly #powers: ShardRouterPowers;
  readonly #directories = new Map<string, FileProvider>();
  readonly #fences = new Map<string, Fence>();
  readonly #config: RomSource;
  readonly #openers: ReadonlyMap<string, Opener>;

  constructor(spec: ChildSpec, powers: ShardRouterPowers) {
    super(spec);
    this.#spec = spec;
    this.#powers = powers;
    this.#config = new RomSource(spec.config);
    const { portal, log } = powers;
    this.#openers = new Map<string, Opener>([
      ["LOG", () => E.right(makeLog(log))],
      ["Timer", (_target, route, _at, clock) => E.right(makeTimer(clock, route.deadline ?? "remaining"))],
      [Rom.service, (target, route, position) => portal.open(Rom, target, route, position)],
      [Report.service, (target, route, position) => portal.open(Report, target, route, position)],
      [
        FileSystem.service,
        (target, route, position) => this.#openFiles(target, route, position as FileSystemPosition | null),
      ],
      [
        Gate.service,
        (target, route, position) => this.#openGate(target, route, position as GatePosition | null),
      ],
    ]);
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
    return opener(this.target(route, service, label), route, position, clock);
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
            this.#fence("File_system", target, [{ folder: provider.path, name: EPOCHS, own: false }]),
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
    known: GatePosition | null,
  ): Promise<Awaited<Eventually<CoreObject>>> {
    const provider = this.#spec.gates.get(target)!;
    // A clone is nobody's other end: the conversation is the original's.
    const position = this.#spec.clone !== undefined && known !== null ? apart(known) : known;
    const acknowledge = this.#spec.kept === undefined ? "arrived" : "told";
    const { bar } = this.#powers;
    const outer = outerGate(target, provider, acknowledge, (error) => void bar.fall(error));
    if (outer === null) return this.#powers.portal.open(Gate, target, route, position);
    const end = await openGate(outer, position);
    if (E.isLeft(end)) return end;
    const calls = !("listen" in provider && provider.listen) && provider.kind !== "http";
    const { delivery = "at-least-once" } = route;
    const foreign = this.#spec.kept === undefined || outer.pairs === true ? null : { delivery, calls };
    const rights = grantedRights(provider.rights, route);
    const fence = this.#fence("Gate", target, []);
    return E.right(makeGate(target, end.right, rights, position, fence, foreign));
  }

  /** One for all sessions of a provider. Where the provider has no place of its own, or one that the host may not write
   *  to, the epochs lie in the folder of the host. */
  #fence(service: "File_system" | "Gate", label: string, beside: readonly EpochPlace[]): Fence | null {
    const { fenced } = this.#spec;
    if (fenced === undefined) return null;
    const key = `${service} ${label}`;
    const known = this.#fences.get(key);
    if (known !== undefined) return known;
    const { incarnation, epochs: folder } = fenced;
    const { bar, epochs: files } = this.#powers;
    const name = `${service === "Gate" ? "gate" : "files"}-${encodeURIComponent(label)}`;
    const places = [...beside, { folder, name, own: true }];
    const fence = fileFence({ incarnation, bar, service, label, files, places });
    this.#fences.set(key, fence);
    return fence;
  }

  /** Lets go of the providers themselves. */
  close(): void {
    for (const directory of this.#directories.values()) directory.close();
    for (const fence of this.#fences.values()) fence.close();
    this.#fences.clear();
    this.#directories.clear();
  }
}
