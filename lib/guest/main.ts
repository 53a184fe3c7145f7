// The guest library's entry: what the base memory holds before any component is loaded.
import * as exports from "../index.ts";
import { SERVE_OPEN, SIGNAL_BOOT, type BootInfo, type RevivedInfo } from "./abi.ts";
import { booted, revived, start } from "./env.ts";
import { install } from "./globals.ts";
import { onSignal, settle } from "./kernel.ts";
import { serve } from "./service.ts";

onSignal((form, value, key) => {
  if (form >= SERVE_OPEN) serve(form, value, key);
  else if (form === SIGNAL_BOOT) {
    const info = JSON.parse(value as string) as BootInfo;
    booted(info);
    install(info);
  } else revived.emit(JSON.parse(value as string) as RevivedInfo);
});

Object.defineProperty(globalThis, "__cryonode", {
  value: Object.freeze({ start, deliver: settle, exports: Object.freeze({ ...exports }) }),
});
