// LOG, served: entries go where the host keeps them.
import { E } from "../../lib/fp.ts";
import { Log } from "../../lib/session/log.ts";
import type { Answer, Serving } from "./service.ts";

/** Where a child's entries go. */
export interface LogSink {
  write(text: string): void;
  /** For a log that is kept: how many entries it has, and putting one at its place, however often that is done. */
  readonly kept?: { entries(): number; writeAt(text: string, entry: number): void };
}

const DONE: Answer<void> = E.right(undefined);

export const makeLog = (sink: LogSink): Serving<typeof Log> => {
  const { kept } = sink;
  const log: Serving<typeof Log> = {
    contract: Log,
    write(text) {
      sink.write(text);
      return DONE;
    },
  };
  if (kept === undefined) return log;
  const growth = {
    name: "log",
    end: () => E.right(kept.entries()),
    size: () => 1,
    append(text: unknown, entry: number) {
      kept.writeAt(text as string, entry);
      return DONE;
    },
  };
  return { ...log, life: { growth } };
};
