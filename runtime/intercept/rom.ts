// ROM, intercepted: the version last seen is its position, so that a change while it was frozen is signalled.
import { Rom } from "../../lib/session/rom.ts";
import { RomPosition } from "../core/rom.ts";
import { interceptor } from "./interceptor.ts";

export const romInterceptor = interceptor(Rom, {
  position: RomPosition,
  record: {},
});
