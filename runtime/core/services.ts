// The services that a host offers, by the names that routes use.
import type { Contract } from "../../lib/contract.ts";
import { FileSystem } from "../../lib/session/file-system.ts";
import { Gate } from "../../lib/session/gate.ts";
import { Log } from "../../lib/session/log.ts";
import { Report } from "../../lib/session/report.ts";
import { Rom } from "../../lib/session/rom.ts";
import { Timer } from "../../lib/session/timer.ts";

const contracts = new Map<string, Contract>(
  [Log, Timer, Rom, Report, FileSystem, Gate].map((contract) => [contract.service, contract as Contract]),
);

/** The contract of a service, or undefined where a host offers none of that name. */
export const serviceContract = (service: string): Contract | undefined => contracts.get(service);
