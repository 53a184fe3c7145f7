// `cryonode freeze NAME` and its kind: what the host does with one child, told when it is done.
import { E } from "../../lib/fp.ts";
import type { Asked } from "../daemon/control-client.ts";
import type { DurableEvent } from "../daemon/durable-event.ts";
import { eventText } from "./child-report.ts";
import type { Console } from "./console.ts";
import { OK, type ExitStatus } from "./exit-status.ts";
import { onHost, type HostCommand } from "./host-command.ts";
import { jsonReport } from "./json-report.ts";
import { harmless, styles } from "./style.ts";

/** What is told of a child beside its log. */
type Told = Exclude<DurableEvent, { readonly event: "log" }>;

export const childCommand = (
  command: HostCommand,
  asked: Asked,
  console: Console,
  signal: AbortSignal,
): Promise<ExitStatus> =>
  onHost(command, asked, console, signal, (answer, since) => {
    // The host is of this release: it tells of what it did as it tells of it at its own terminal.
    const event = answer as Told;
    if (command.json) jsonReport(console, since)(event);
    else {
      const [mood, text, ...more] = eventText(event);
      const style = styles(console.colours)[mood];
      console.print(harmless(`${event.child}  ${text}`).replace(text, style(text)));
      for (const line of more) console.print(harmless(line));
    }
    return E.right(OK);
  });
