// Every interceptor and replay there is: the one list that a new type is added to.
import { cpuInterceptor, threadInterceptor, threadReplay } from "./cpu.ts";
import { fileInterceptor, fileReplay, fileSystemInterceptor } from "./file-system.ts";
import { gateInterceptor } from "./gate.ts";
import type { Interceptor, Replay } from "./interceptor.ts";
import type { CapabilityRecord } from "./ledger.ts";
import { logInterceptor } from "./log.ts";
import { parentInterceptor, sessionReplay } from "./parent.ts";
import { pdInterceptor } from "./pd.ts";
import { dataspaceInterceptor, dataspaceReplay, ramInterceptor } from "./ram.ts";
import { regionInterceptor, regionReplay, rmInterceptor } from "./rm.ts";
import { reportInterceptor } from "./report.ts";
import { romInterceptor } from "./rom.ts";
import { delegatedReplay, remoteInterceptor } from "./remote.ts";
import { timerInterceptor } from "./timer.ts";
import { isRemoteContract } from "../core/remote-contract.ts";
import type { Contract } from "../../lib/contract.ts";

const interceptors = new Map<string, Interceptor>(
  [
    parentInterceptor,
    pdInterceptor,
    cpuInterceptor,
    threadInterceptor,
    ramInterceptor,
    dataspaceInterceptor,
    rmInterceptor,
    regionInterceptor,
    logInterceptor,
    timerInterceptor,
    romInterceptor,
    reportInterceptor,
    fileSystemInterceptor,
    fileInterceptor,
    gateInterceptor,
  ].map((each) => [each.service, each]),
);

/** The interceptor of a contract. One that is missing is a bug: nothing passes uninterceptedly. */
export const interceptorOf = (service: string): Interceptor => {
  const found = interceptors.get(service);
  if (found === undefined) throw new Error(`no interceptor for ${service}`);
  return found;
};

/** How the calls of an object are recorded, wherever it is served. */
export const interceptorFor = (contract: Contract): Interceptor =>
  isRemoteContract(contract) ? remoteInterceptor(contract) : interceptorOf(contract.service);

const replays: { readonly [K in CapabilityRecord["kind"]]: Replay<K> } = {
  session: sessionReplay,
  file: fileReplay,
  dataspace: dataspaceReplay,
  region: regionReplay,
  thread: threadReplay,
  delegated: delegatedReplay,
};

/** How records of this kind are replayed. */
export const replayOf = <K extends CapabilityRecord["kind"]>(kind: K): Replay<K> => replays[kind];
