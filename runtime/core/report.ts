// Report, served: each publication replaces the content of the ROM that the route names.
import { E } from "../../lib/fp.ts";
import { Report } from "../../lib/session/report.ts";
import type { RomSource } from "./rom.ts";
import type { Serving } from "./service.ts";

export const makeReport = (source: RomSource): Serving<typeof Report> => ({
  contract: Report,
  publish(content) {
    source.replace(content);
    return E.right(undefined);
  },
});
