// setTimeout and its kin, over the ambient Timer session. What a callback throws is an unhandled rejection.
import { Parent } from "../../session/parent.ts";
import { Timer } from "../../session/timer.ts";
import { AMBIENT_TIMER, PARENT } from "../abi.ts";
import { clientAt } from "../client.ts";
import { lastSlot } from "../kernel.ts";
import { clockDenied } from "./date.ts";

type Callback = (...values: unknown[]) => unknown;

/** One call of `sleep`, in its slot until it is over. */
interface Sleep {
  readonly slot: number;
  over: boolean;
}

const timer = clientAt(Timer, AMBIENT_TIMER, 0);
const parent = clientAt(Parent, PARENT, 0);

const armed = new Map<number, Sleep>();
let last = 0;
let granted = false;

/** Whether the routes grant a Timer; without one, setting a timer throws `Denied`. */
export const grantTimers = (timers: boolean): void => {
  granted = timers;
};

const arm = (id: number, ms: number, wake: () => void): void => {
  const slept = timer.sleep(ms);
  const sleep: Sleep = { slot: lastSlot, over: false };
  armed.set(id, sleep);
  void slept.then(
    () => {
      sleep.over = true;
      if (armed.get(id) === sleep) wake();
    },
    (error: unknown) => {
      sleep.over = true;
      armed.delete(id);
      // What it would have called brought the component down before, and was set aside.
      if (!(error instanceof Error) || error.name !== "Failed") throw error;
    },
  );
};

const open = (callback: unknown): number => {
  if (!granted) throw clockDenied();
  if (typeof callback !== "function") throw new TypeError("a timer's callback must be a function");
  return ++last;
};

/** What is no delay, or none that ever ends, is `least` ms. */
const delayOf = (value: unknown, least: number): number => {
  const ms = Number(value);
  return ms > least && ms < Infinity ? ms : least;
};

export const setTimeout = (callback: Callback, ms?: unknown, ...values: unknown[]): number => {
  const id = open(callback);
  arm(id, delayOf(ms, 0), () => {
    armed.delete(id);
    callback(...values);
  });
  return id;
};

export const setImmediate = (callback: Callback, ...values: unknown[]): number =>
  setTimeout(callback, 0, ...values);

/** Counts each interval from the end of the callback before it. */
export const setInterval = (callback: Callback, ms?: unknown, ...values: unknown[]): number => {
  const id = open(callback);
  const delay = delayOf(ms, 1);
  const wake = (): void => {
    callback(...values);
    if (armed.has(id)) arm(id, delay, wake);
  };
  arm(id, delay, wake);
  return id;
};

const ignore = (): void => {};

/** Clears a timer of any kind; what is none, or no longer, is left alone. */
export const clearTimer = (id?: unknown): void => {
  const sleep = armed.get(Number(id));
  if (sleep === undefined) return;
  armed.delete(Number(id));
  // Its reply may be here already and its slot another call's; one job later, `over` knows.
  queueMicrotask(() => {
    if (!sleep.over) parent.cancel(sleep.slot).catch(ignore);
  });
};
