// Time without a Timer route: what would read the clock throws `Denied`; dates as values go on working.
import { Denied } from "../../error.ts";
import { Timer } from "../../session/timer.ts";
import { AMBIENT_TIMER } from "../abi.ts";
import { clientAt } from "../client.ts";

/** What every way to the clock throws in a component whose routes grant no Timer. The parent hears of it by a
 *  call on the session that is not there. */
export const clockDenied = (): Denied => {
  clientAt(Timer, AMBIENT_TIMER, 0)
    .elapsed()
    .catch(() => {});
  return new Denied({ tag: "Denied", service: "Timer", label: "", reason: "no route matches" });
};

const now = (): never => {
  throw clockDenied();
};

/** `Date` and `performance` as they are without a clock. Takes the engine's own `Date` out of reach. */
export const clockless = (): { readonly Date: unknown; readonly performance: unknown } => {
  const Native = Date;
  const Clockless = function Date(...values: unknown[]): object {
    if (new.target === undefined || values.length === 0) throw clockDenied();
    return Reflect.construct(Native, values, new.target) as object;
  };
  const hidden = (value: unknown): PropertyDescriptor => ({ value, writable: true, configurable: true });
  Object.defineProperties(Clockless, {
    length: { value: Native.length, configurable: true },
    prototype: { value: Native.prototype, writable: false },
    UTC: hidden(Native.UTC),
    now: hidden(now),
    parse: hidden(Native.parse),
  });
  Object.defineProperty(Native.prototype, "constructor", hidden(Clockless));
  return { Date: Clockless, performance: { now, timeOrigin: 0 } };
};
