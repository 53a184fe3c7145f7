// `cryonode stop`: freezes all children of the host and ends it, as Ctrl-C at its terminal does.
import { E } from "../../lib/fp.ts";
import type { Rest } from "../daemon/durable-host.ts";
import type { Console } from "./console.ts";
import { FAILED, OK, type ExitStatus } from "./exit-status.ts";
import { onHost, type HostCommand } from "./host-command.ts";
import { jsonReport } from "./json-report.ts";
import { harmless } from "./style.ts";

export const stop = (command: HostCommand, console: Console, signal: AbortSignal): Promise<ExitStatus> =>
  onHost(command, { command: "stop" }, console, signal, (answer, since) => {
    const { left } = answer as Rest;
    for (const { child, reason } of left)
      console.complain(harmless(`cryonode: ${child} could not be frozen: ${reason}`));
    if (command.json) {
      const event = { event: "down", ok: left.length === 0, left };
      jsonReport(console, since)(event);
    } else console.print("down");
    return E.right(left.length === 0 ? OK : FAILED);
  });
