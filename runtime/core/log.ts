// LOG, served: each entry goes to whoever watches the component.
import { Log } from "../../lib/session/log.ts";
import { E } from "../../lib/fp.ts";
import type { Serving } from "./service.ts";

const WRITTEN = E.right(undefined);

export const makeLog = (write: (text: string) => void): Serving<typeof Log> => ({
  contract: Log,
  write(text) {
    write(text);
    return WRITTEN;
  },
});
