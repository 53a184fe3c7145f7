// Every interceptor and replay there is: the one list that a new type is added to.
import { cpuInterceptor, threadInterceptor, threadReplay } from "./cpu.ts";
import { fileInterceptor, fileReplay, fileSystemInterceptor } from "./file-system.ts";
import { gateInterceptor } from "./gate.ts";
import type { Interceptor, Replay } from "./interceptor.ts";
import type { CapabilityRecord } from "./ledger.ts";
import { logInterceptor, reportInterceptor } from "./log.ts";
import { parentInterceptor, sessionReplay } from "./parent.ts";
import { pdInterceptor } from "./pd.ts";
import { dataspaceInterceptor, dataspaceReplay, ramInterceptor } from "./ram.ts";
import { regionInterceptor, regionReplay, rmInterceptor } from "./rm.ts";
import { romInterceptor } from "./rom.ts";
import { timerInterceptor } from "./timer.ts";

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

const replays: { readonly [K in CapabilityRecord["kind"]]: Replay<K> } = {
  session: sessionReplay,
  file: fileReplay,
  dataspace: dataspaceReplay,
  region: regionReplay,
  thread: threadReplay,
};

/** How records of this kind are replayed. */
export const replayOf = <K extends CapabilityRecord["kind"]>(kind: K): Replay<K> => replays[kind];
