// What a component sees beyond the language itself. All but the clock's absence is put in place while the base
// memory is built.
import type { BootInfo } from "./abi.ts";
import { console } from "./globals/console.ts";
import { crypto } from "./globals/crypto.ts";
import { clockless } from "./globals/date.ts";
import { structuredClone } from "./globals/structured-clone.ts";
import { TextDecoder, TextEncoder } from "./globals/text.ts";
import { clearTimer, grantTimers, setImmediate, setInterval, setTimeout } from "./globals/timers.ts";
import { URLSearchParams } from "./globals/url-search-params.ts";
import { URL } from "./globals/url.ts";

const define = (globals: Readonly<Record<string, unknown>>): void => {
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
    // The bundler renames what has the name of a global.
    if (typeof value === "function") Object.defineProperty(value, "name", { value: name });
  }
};

define({
  clearImmediate: clearTimer,
  clearInterval: clearTimer,
  clearTimeout: clearTimer,
  console,
  crypto,
  performance,
  setImmediate,
  setInterval,
  setTimeout,
  structuredClone,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
});

/** Called at boot, once it is known what the routes grant. */
export const install = (info: BootInfo): void => {
  grantTimers(info.timer);
  if (!info.timer) define(clockless());
};
