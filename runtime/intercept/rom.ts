// ROM, intercepted: the version last seen is its position, so that a change while it was frozen is signalled.
import { Rom } from "../../lib/session/rom.ts";
import { RomPosition, UNKNOWN } from "../core/rom.ts";
import { sha256 } from "../digest.ts";
import { interceptor } from "./interceptor.ts";

export const romInterceptor = interceptor(Rom, {
  position: RomPosition,
  record: {},
  outside: {},
  moves: {
    from: { version: 1, seen: 1, sha256: UNKNOWN },
    /** A change that was told of but not read is told of once more. */
    by: (position: RomPosition, { method, result }) => {
      if (method !== "text" && method !== "bytes") return position;
      const digest = sha256(result as string | Uint8Array);
      const version = position.version + (position.sha256 === UNKNOWN || digest === position.sha256 ? 0 : 1);
      return { version, seen: version, sha256: digest };
    },
  },
});
