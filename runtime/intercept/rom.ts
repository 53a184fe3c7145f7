// ROM, intercepted: the version last seen is its position, so that a change while it was frozen is signalled.
import { Rom } from "../../lib/session/rom.ts";
import { RomPosition } from "../core/rom.ts";
import type { Interceptor } from "./interceptor.ts";

export const romInterceptor: Interceptor = { service: Rom.service, position: RomPosition, record: {} };
