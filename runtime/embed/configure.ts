// From what a program says to what a host needs: defaults filled in, sizes and paths made plain. What can't be
// meant throws a `TypeError` that names it: that is a bug of the program.
import { join } from "node:path";
import type { Route } from "../core/route.ts";
import { serviceContract } from "../core/services.ts";
import { FREEZE_DEADLINE_MS } from "../host/freezer.ts";
import type { FileProviderConfig, HostConfig, RomConfig, StartConfig } from "../host/host-config.ts";
import { didYouMean, nearest } from "../nearest.ts";
import type { FileRight } from "../provider/file/file-provider.ts";
import { gateConfig } from "./configure-gate.ts";
import { countOf, durationOf, pathOf, sizeOf } from "./amounts.ts";
import type {
  Duration,
  EntryOptions,
  FileOptions,
  HostOptions,
  RomOptions,
  RouteOptions,
} from "./host-options.ts";

const STATE = ".cryonode";
const HOST = "here";
const HOST_RAM = 256 * 1024 ** 2;
const HOST_CAPS = 10_000;
const CHILD_RAM = 8 * 1024 ** 2;
const CHILD_CAPS = 100;
const TURN_MS = 3000;

const FILE_RIGHTS: readonly FileRight[] = ["read", "write", "create", "remove", "list"];
const SERVICES = ["LOG", "Timer", "ROM", "Report", "File_system", "Gate"];

/** In ms. */
export const deadlineOf = (deadline: Duration | undefined): number =>
  deadline === undefined ? FREEZE_DEADLINE_MS : durationOf("deadline", deadline);

/** Where an image lies: in the state directory, where it is a bare name. */
export const imagePath = (state: string, image: string | URL): string =>
  typeof image === "string" && !image.includes("/") ? join(state, image) : pathOf(image);

export const stateOf = ({ state = STATE }: HostOptions): string => pathOf(state);

const fileConfig = (file: FileOptions): FileProviderConfig => {
  if ("provider" in file)
    return { kind: "provided", provider: file.provider, rights: file.rights ?? FILE_RIGHTS };
  return "directory" in file
    ? { kind: "directory", path: pathOf(file.directory), rights: file.rights ?? FILE_RIGHTS }
    : { kind: "memory", content: file.content ?? {}, rights: file.rights ?? FILE_RIGHTS };
};

const romConfig = (rom: RomOptions): RomConfig => {
  if ("text" in rom) return { kind: "text", text: rom.text };
  return "json" in rom ? { kind: "json", json: rom.json } : { kind: "file", path: pathOf(rom.file) };
};

const mapped = <A, B>(
  record: Readonly<Record<string, A>> | undefined,
  of: (name: string, value: A) => B,
): Readonly<Record<string, B>> =>
  Object.fromEntries(Object.entries(record ?? {}).map(([name, value]) => [name, of(name, value)]));

export const hostConfig = (options: HostOptions): HostConfig => {
  const { name = HOST, ram = HOST_RAM, caps = HOST_CAPS, trust = [] } = options;
  return {
    name,
    ram: sizeOf("ram", ram),
    caps: countOf("caps", caps),
    files: mapped(options.files, (_name, file) => fileConfig(file)),
    gates: mapped(options.gates, gateConfig),
    roms: mapped(options.roms, (_name, rom) => romConfig(rom)),
    trust,
    ...(options.epochs === undefined ? {} : { epochs: pathOf(options.epochs) }),
  };
};

/** Routes of a former entry are checked already. */
const checkedRoute = ({ to, ...route }: RouteOptions & Pick<Route, "child">): Route => {
  if (route.child !== undefined) return route;
  if (typeof to === "object") return { ...route, child: to.child };
  if (route.local !== undefined)
    throw new TypeError(
      `the route to ${JSON.stringify(route.service)} says local; expected that of a route to a child only`,
    );
  if (serviceContract(route.service) !== undefined) return to === undefined ? route : { ...route, to };
  throw new TypeError(
    `a route's service is ${JSON.stringify(route.service)}; expected one of ${SERVICES.join(", ")}` +
      didYouMean(nearest(route.service, SERVICES)),
  );
};

/** `component`: absolute. */
export const startConfig = (name: string, component: string, entry: EntryOptions): StartConfig => ({
  name,
  component,
  ram: sizeOf(`ram of ${name}`, entry.ram ?? CHILD_RAM),
  caps: countOf(`caps of ${name}`, entry.caps ?? CHILD_CAPS),
  config: entry.config ?? {},
  routes: (entry.routes ?? []).map(checkedRoute),
  turn: entry.turn === undefined ? TURN_MS : durationOf(`turn of ${name}`, entry.turn),
});
