// What a benchmark's protection domain is surrounded by: routes to a sink gate, a timer and its config, the real
// clock and entropy, a watchdog's pulse as in a shard, and no tolerance for whatever goes wrong.
import { E } from "../lib/fp.ts";
import { prose } from "../lib/error.ts";
import { systemClock } from "../runtime/core/clock.ts";
import { makeFileSystem } from "../runtime/core/file-system.ts";
import { makeGate } from "../runtime/core/gate.ts";
import { makeRom, RomSource } from "../runtime/core/rom.ts";
import { makeTimer } from "../runtime/core/timer.ts";
import type { DomainPowers } from "../runtime/domain/domain-powers.ts";
import { systemEntropy } from "../runtime/domain/entropy.ts";
import type { Router } from "../runtime/domain/router.ts";
import type { FileProvider, FileRight } from "../runtime/provider/file/file-provider.ts";
import { makeControl, Pulse } from "../runtime/shard/control.ts";
import type { GateEnd } from "../runtime/provider/gate/gate-provider.ts";

const OFFERED = new Set(["Gate", "Timer", "ROM"]);

const FILE_RIGHTS = new Set<FileRight>(["read", "write", "create", "remove", "list"]);

/** Routes to a sink gate, a timer, the config, and files where there are any. */
const routerTo = (sink: GateEnd, config: unknown, files: FileProvider | null): Router => ({
  refusal: (service, label) =>
    OFFERED.has(service) || (service === "File_system" && files !== null)
      ? null
      : { tag: "Denied", service, label, reason: "no benchmark uses it" },
  open(service, _label, _args, position, clock) {
    switch (service) {
      case "Gate":
        return E.right(makeGate("sink", sink, new Set(["send", "receive"])));
      case "Timer":
        return E.right(makeTimer(clock, "remaining"));
      case "File_system":
        return E.right(makeFileSystem(files!, FILE_RIGHTS, "strict", position as null));
      default:
        return E.right(makeRom(new RomSource(JSON.stringify(config)), position as null));
    }
  },
  rights: () => null,
  provider: (service) => service,
});

export const powersFor = (
  sink: GateEnd,
  config: unknown,
  files: FileProvider | null = null,
): DomainPowers => {
  const pulse = new Pulse(makeControl(), 0);
  return {
    clock: systemClock,
    entropy: systemEntropy,
    router: routerTo(sink, config, files),
    events: {
      log: () => {},
      exited: (code) => {
        throw new Error(`the component of a benchmark exited with ${code}`);
      },
      faulted: ({ reason, stack }) => {
        throw new Error(`the component of a benchmark faulted: ${reason}\n${stack}`);
      },
      denied: (_service, _label, error) => {
        throw new Error(`the component of a benchmark was refused: ${prose(error)}`);
      },
      returned: () => {},
      threadCreated: () => {},
      turnBegins: (thread) => pulse.turnBegins(1, thread),
      polls: () => pulse.polls(),
      turnEnds: () => pulse.turnEnds(),
    },
  };
};
