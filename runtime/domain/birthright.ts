// The capabilities that every protection domain is born with: its parent, its core sessions, and the two ambient
// sessions behind `console` and behind `Date` and `setTimeout`, where its routes grant them.
import { AMBIENT_LOG, AMBIENT_TIMER, CPU, PARENT, PD, RAM, RM } from "../../lib/guest/abi.ts";
import { E } from "../../lib/fp.ts";
import { Thread } from "../../lib/session/cpu.ts";
import { Log } from "../../lib/session/log.ts";
import { Dataspace } from "../../lib/session/ram.ts";
import { Region } from "../../lib/session/rm.ts";
import { Timer } from "../../lib/session/timer.ts";
import type { Clock } from "../core/clock.ts";
import { makeCpu, type ThreadObject, type ThreadWatch } from "../core/cpu.ts";
import { makeParent, type Parenthood } from "../core/parent.ts";
import { makePd } from "../core/pd.ts";
import { makeRam, type Accounts } from "../core/ram.ts";
import type { RegionMap } from "../core/region-map.ts";
import { makeRm } from "../core/rm.ts";
import { nativeCapability, type Capability } from "./capability-space.ts";
import type { Router } from "./router.ts";

/** Services of the ambient sessions, by selector. */
export const AMBIENT: ReadonlyMap<number, string> = new Map([
  [AMBIENT_LOG, Log.service],
  [AMBIENT_TIMER, Timer.service],
]);

export interface Newborn extends Accounts, ThreadWatch {
  readonly parent: Parenthood;
  readonly regions: RegionMap;
  readonly threads: Set<ThreadObject>;
}

export const birthright = (domain: Newborn, router: Router, clock: Clock): [number, Capability][] => {
  const ambient = [...AMBIENT].flatMap(([selector, service]): [number, Capability][] => {
    if (router.refusal(service, "") !== null) return [];
    const opened = router.open(service, "", {}, null, clock);
    return !(opened instanceof Promise) && E.isRight(opened)
      ? [[selector, nativeCapability(opened.right)]]
      : [];
  });
  return [
    [PARENT, nativeCapability(makeParent(domain.parent))],
    [RAM, nativeCapability(makeRam(domain), Dataspace)],
    [RM, nativeCapability(makeRm(domain, domain.regions), Region)],
    [CPU, nativeCapability(makeCpu(domain, domain.threads, domain), Thread)],
    [PD, nativeCapability(makePd(domain))],
    ...ambient,
  ];
};
