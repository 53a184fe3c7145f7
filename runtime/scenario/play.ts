// A run while it goes on, as its steps see it.
import type { Either } from "../../lib/fp.ts";
import type { Child } from "../host/child.ts";
import type { HostEvent } from "../host/event.ts";
import type { StartConfig } from "../host/host-config.ts";
import type { HostError } from "../host/host-error.ts";
import type { LiveHost } from "../host/live-host.ts";
import type { Runtime } from "../host/runtime.ts";
import type { ChildHistory } from "./child-history.ts";
import type { Scenario } from "./scenario.ts";
import type { Standstill } from "./standstill.ts";
import type { StepError } from "./step-error.ts";

export interface Play {
  readonly scenario: Scenario;
  /** The state directory, absolute. */
  readonly state: string;
  /** By name, in the order of the file. */
  readonly hosts: ReadonlyMap<string, LiveHost>;
  readonly standstill: Standstill;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
  /** What a child did in this run. */
  history(child: string): ChildHistory;
  /** The living incarnation of a child, or its last one, with its host. */
  found(child: string): { readonly host: LiveHost; readonly child: Child } | null;
  /** Starts an entry of the file. */
  begin(name: string): Promise<Either<HostError, Child>>;
  /** What the file says of a child: under what it is revived, and on which host. */
  entry(name: string): { readonly config: StartConfig; readonly on: string } | null;
  readonly runtime: Runtime;
  /** Tells of something that happened to a child. */
  tell(event: HostEvent): void;
  /** Calls back after each event of a child, until the result is called. */
  listen(happened: () => void): () => void;
}

/** Left: why the step failed. */
export type Outcome = Either<StepError, void>;
