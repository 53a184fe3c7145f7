// LOG, served: entries go where the host keeps them.
import { E } from "../../lib/fp.ts";
import { Log } from "../../lib/session/log.ts";
import { DONE, type Answer, type MadeEffect, type Serving } from "./service.ts";

/** Where a child's entries go. */
export interface LogSink {
  write(text: string): void;
  /** For a log that is kept. */
  readonly kept?: KeptEntries;
}

/** Entries at places of their own, each of which may be written there however often. */
export interface KeptEntries {
  /** No other log has it. */
  readonly name: string;
  /** Where the next one goes. */
  end(): number;
  /** How far this one moves the end. */
  size(text: string): number;
  /** Left: why it is not there; a part of it may be. */
  writeAt(text: string, place: number): Answer<void>;
  /** As `writeAt`, for an entry that was there before, and that was told of then. */
  writeAgain(text: string, place: number): Answer<void>;
}

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
    name: `log ${kept.name}`,
    end: () => E.right(kept.end()),
    size: (text: unknown) => kept.size(text as string),
    append: (text: unknown, place: number) => kept.writeAt(text as string, place),
  };
  const again = ({ args: [text], place }: MadeEffect): Answer<void> => kept.writeAgain(text as string, place);
  return { ...log, life: { growth, again } };
};
