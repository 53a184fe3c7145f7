// The guest library's entry: what the base memory holds before any component is loaded.
import * as exports from "../index.ts";
import { SIGNAL_BOOT, type BootInfo, type RevivedInfo } from "./abi.ts";
import { booted, revived, start } from "./env.ts";
import { install } from "./globals.ts";
import { settle } from "./kernel.ts";

/** The runtime's one way in: a reply for `slot`, or with slot -1 a signal of the kind in `form`. */
const deliver = (slot: number, form: number, value: unknown, extra: number): void => {
  if (slot >= 0) settle(slot, form, value, extra);
  else if (form === SIGNAL_BOOT) {
    const info = JSON.parse(value as string) as BootInfo;
    booted(info);
    install(info);
  } else revived.emit(JSON.parse(value as string) as RevivedInfo);
};

Object.defineProperty(globalThis, "__cryonode", {
  value: Object.freeze({ start, deliver, exports: Object.freeze({ ...exports }) }),
});
