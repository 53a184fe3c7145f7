/// <reference lib="esnext.disposable" preserve="true" />
// What programs import as `cryonode/runtime`: hosts that start, freeze and revive components. `docs/embedding.md`
// shows it at work.
export { Host } from "./embed/host.ts";
export { Child, type Until } from "./embed/child.ts";
export { HostFailure, type HostFacts } from "./embed/host-failure.ts";
export type {
  Duration,
  EntryOptions,
  FileOptions,
  FreezeOptions,
  GateOptions,
  HostOptions,
  ReviveOptions,
  RomOptions,
  RouteOptions,
  Size,
  StartOptions,
} from "./embed/host-options.ts";
export type { OuterFiles, OuterGate, OuterRom } from "./embed/outside.ts";
export type { Ending } from "./host/child.ts";
export type { HostEvent } from "./host/event.ts";
export type { HostError } from "./host/host-error.ts";
export type { Frozen } from "./host/live-host.ts";
