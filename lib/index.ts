// What component authors import as `cryonode`.
export { component } from "./component.ts";
export type {
  CpuSession,
  Env,
  Main,
  Revived,
  ServedSession,
  SessionClient,
  SessionOptions,
  Signal,
  ThreadHandle,
} from "./component.ts";
export { capability, method, session } from "./contract.ts";
export type {
  AnyMethod,
  Calls,
  Client,
  Closing,
  Contract,
  InFlight,
  Method,
  Methods,
  Offered,
  Serves,
} from "./contract.ts";
export { args, bytes, duration, natural, struct } from "./codec.ts";
export { Denied, Failed, NoSuchService, QuotaExceeded, SessionFailure } from "./error.ts";
export type { SessionError } from "./error.ts";
export { Thread, Cpu, type ThreadState } from "./session/cpu.ts";
export { File, FileSystem, type OpenMode, type Stat } from "./session/file-system.ts";
export { Gate } from "./session/gate.ts";
export { Log } from "./session/log.ts";
export { Pd } from "./session/pd.ts";
export { Dataspace, Ram } from "./session/ram.ts";
export { Report } from "./session/report.ts";
export { Region, Rm } from "./session/rm.ts";
export { Rom } from "./session/rom.ts";
export { Timer } from "./session/timer.ts";
