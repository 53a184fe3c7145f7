// The contracts that this library brings along: their calls are served by core, or by whoever a route names instead.
import type { Contract } from "../contract.ts";
import { Cpu, Thread } from "../session/cpu.ts";
import { File, FileSystem } from "../session/file-system.ts";
import { Gate } from "../session/gate.ts";
import { Log } from "../session/log.ts";
import { Parent } from "../session/parent.ts";
import { Pd } from "../session/pd.ts";
import { Dataspace, Ram } from "../session/ram.ts";
import { Report } from "../session/report.ts";
import { Region, Rm } from "../session/rm.ts";
import { Rom } from "../session/rom.ts";
import { Timer } from "../session/timer.ts";

const NATIVE: ReadonlySet<Contract> = new Set<Contract>([
  Parent,
  Ram,
  Dataspace,
  Rm,
  Region,
  Cpu,
  Thread,
  Pd,
  Log,
  Timer,
  Rom,
  Report,
  FileSystem,
  File,
  Gate,
]);

export const isNative = (contract: Contract): boolean => NATIVE.has(contract);
