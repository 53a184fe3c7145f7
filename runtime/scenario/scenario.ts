// A scenario file that was read whole and found right: what runs need, nothing of YAML.

import type { HostSpec } from "./schema-host.ts";
import type { StartSpec } from "./schema-start.ts";
import type { Step } from "./schema-step.ts";

export interface Scenario {
  /** As it was named to the reader. */
  readonly file: string;
  /** The file's folder, absolute. */
  readonly directory: string;
  /** What it says it shows. */
  readonly title: string;
  /** In the order of the file; at least one. */
  readonly hosts: readonly HostSpec[];
  /** In the order of the file. */
  readonly start: readonly StartSpec[];
  /** Null in a host's configuration. */
  readonly steps: readonly Step[] | null;
}
