/// <reference lib="esnext.disposable" preserve="true" />
// What programs import as `cryonode/runtime`: hosts that start, freeze and revive components. `docs/embedding.md`
// shows it at work.
export { Host } from "./embed/host.ts";
export { Child, type Until } from "./embed/child.ts";
export { DurableHost } from "./embed/durable-host.ts";
export { reach, type ReachOptions } from "./embed/reach.ts";
export { HostFailure, type HostFacts } from "./embed/host-failure.ts";
export type {
  BoundOptions,
  Duration,
  EntryOptions,
  FileOptions,
  FreezeOptions,
  GateOptions,
  HostOptions,
  HttpGateOptions,
  RetryOptions,
  ReviveAllOptions,
  ReviveOptions,
  RomOptions,
  RouteOptions,
  ServiceOptions,
  Size,
  StartOptions,
  StreamGateOptions,
} from "./embed/host-options.ts";
export type { CheckpointOptions, DurableEntryOptions, DurableHostOptions } from "./embed/durable-options.ts";
export type { MigrateOptions, Moved } from "./embed/migrate-options.ts";
export type { ServiceClient } from "./embed/service-client.ts";
export type { OuterFiles, OuterGate, OuterRom } from "./embed/outside.ts";
export type { Ending } from "./host/ending.ts";
export type { HostEvent } from "./host/event.ts";
export type { HostError } from "./host/host-error.ts";
export type { Frozen } from "./host/frozen.ts";
// What a provider of the program's own is written against: `docs/providers.md`.
export { E, type Either } from "../lib/fp.ts";
export type { SessionError } from "../lib/error.ts";
export { directoryFiles, type DirectoryOptions } from "./embed/real-files.ts";
export { memoryFiles, type MemoryFiles, type MemoryOptions } from "./provider/file/memory.ts";
export { entryPath, filePath, type FilePath } from "./provider/file/path.ts";
export type {
  FileEntry,
  FileIdentity,
  FileProvider,
  FileRight,
  FileStat,
  OpenFile,
  OpenMode,
} from "./provider/file/file-provider.ts";
export type { GateEnd, GateProvider, GateRight, GateState, Message } from "./provider/gate/gate-provider.ts";
