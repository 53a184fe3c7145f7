// Routes: a parent's policy of which service a session request goes to. The first match wins; no match is a
// denial.
import type { FileRight } from "../provider/file/file-provider.ts";
import type { GateRight } from "../provider/gate/gate-provider.ts";

/** What a file handle does at a revival when its file is no longer what it was: refuse, take the file as it
 *  is, or bring back the content that the image carries. */
export type FilePolicy = "strict" | "rebind" | "restore";

export interface Route {
  /** `LOG`, `Timer`, `ROM`, `Report`, `File_system`, `Gate`, or a name that a child announces. */
  readonly service: string;
  /** The label it matches; any, where there is none. */
  readonly label?: string;
  /** The host's provider; the session's label, where there is none. */
  readonly to?: string;
  /** The child that serves it, where that is not the host. */
  readonly child?: string;
  /** How long calls wait for that child while it is frozen or has not announced the service, in ms; as long as it
   *  takes, where there is none. */
  readonly patience?: number;
  /** Its sessions stay on one host: a child does not leave the other one behind. Without this they are carried between
   *  the hosts. */
  readonly local?: boolean;
  /** ROM: reads the report published under this name. Report: publishes under it. */
  readonly report?: string;
  /** Rights that the session is given at most; all of the provider's, where there are none. */
  readonly rights?: readonly (FileRight | GateRight)[];
  /** File_system; `strict` by default. */
  readonly policy?: FilePolicy;
  /** Timer: what a sleeping timer keeps across a freeze; `remaining` by default. */
  readonly deadline?: "remaining" | "wall";
  /** Gate; `at-least-once` by default. */
  readonly delivery?: Delivery;
}

/** Gate, on a durable host, to a peer that can't tell what it hears twice: what may become of a message that a crash
 *  comes into. */
export type Delivery = "at-least-once" | "at-most-once";

/** The route that a request for `service` under `label` takes, or null: a denial. */
export const routeFor = (routes: readonly Route[], service: string, label: string): Route | null =>
  routes.find((route) => route.service === service && (route.label === undefined || route.label === label)) ??
  null;

/** What is left of the rights that a provider offers. */
export const grantedRights = <R extends FileRight | GateRight>(
  offered: readonly R[],
  { rights }: Route,
): ReadonlySet<R> =>
  new Set(offered.filter((right) => rights === undefined || rights.some((each) => each === right)));
