// Report, served: each publication replaces the content of the ROM that the route names. What was published last is the
// session's position: a host that knows of no report of that name has it back with its reporter.
import * as t from "io-ts";
import { bytes, struct } from "../../lib/codec.ts";
import { E } from "../../lib/fp.ts";
import { Report } from "../../lib/session/report.ts";
import type { RomSource } from "./rom.ts";
import { DONE, type Answer, type Effect, type Serving } from "./service.ts";

/** Longer content, in bytes, is not carried: its readers see an empty one until the next publication. */
const CARRIED_BYTES = 1 << 20;

/** What it published last; null where it published nothing, or more than is carried. */
export const ReportPosition = struct({ content: t.union([t.null, bytes]) }, {}, "ReportPosition");
export type ReportPosition = t.TypeOf<typeof ReportPosition>;

export const NOTHING_PUBLISHED: ReportPosition = { content: null };

/** Where a session stands that has just published this. */
export const published = (content: string | Uint8Array): ReportPosition => {
  const carried = Buffer.from(content);
  return { content: carried.length <= CARRIED_BYTES ? carried : null };
};

/** Says again what it said, where nobody else has said anything. */
const restored = (source: RomSource, content: Uint8Array): Effect => {
  let isOurs = false;
  return {
    enact() {
      isOurs = source.isBlank;
      if (isOurs) source.replace(content);
      return DONE;
    },
    retract() {
      if (isOurs) source.clear();
      isOurs = false;
      return DONE;
    },
    confirm() {},
  };
};

/** `position`: where the session goes on, or null for a new one. `keep`: has each report kept before anybody reads it. */
export const makeReport = (
  source: RomSource,
  position: ReportPosition | null,
  keep: ((content: Uint8Array) => Promise<Answer<void>>) | null = null,
): Serving<typeof Report> => {
  let last = position ?? NOTHING_PUBLISHED;
  const replace = (content: string | Uint8Array): Answer<void> => {
    source.replace(content);
    last = { content: source.content.length <= CARRIED_BYTES ? source.content : null };
    return DONE;
  };
  return {
    contract: Report,
    publish(content) {
      if (keep === null) return replace(content);
      const own = Uint8Array.from(Buffer.from(content));
      return source.inTurn(async () => {
        const kept = await keep(own);
        return E.isLeft(kept) ? kept : replace(own);
      });
    },
    life: {
      ...(last.content === null ? {} : { effect: restored(source, last.content) }),
      capture: (): Answer<ReportPosition> => E.right(last),
    },
  };
};
