// Timer, served from the protection domain's own clock.
import { E } from "../../lib/fp.ts";
import { Timer } from "../../lib/session/timer.ts";
import type { Clock } from "./clock.ts";
import type { Answer, Serving } from "./service.ts";

const SLEPT: Answer<void> = E.right(undefined);

export interface TimerObject extends Serving<typeof Timer> {
  /** What a sleeping timer keeps across a freeze: its remaining time, or its wall-clock deadline. */
  readonly deadline: "remaining" | "wall";
}

export const makeTimer = (clock: Clock, deadline: TimerObject["deadline"]): TimerObject => {
  const sleepers = new Map<Promise<unknown>, { readonly stop: () => void; readonly wake: () => void }>();
  return {
    contract: Timer,
    deadline,
    sleep(ms) {
      let settle!: (answer: Answer<void>) => void;
      const slept = new Promise<Answer<void>>((resolve) => {
        settle = resolve;
      });
      const wake = (): void => {
        sleepers.delete(slept);
        settle(SLEPT);
      };
      sleepers.set(slept, { wake, stop: clock.power.after(ms, wake) });
      return slept;
    },
    elapsed: () => E.right(clock.elapsed()),
    now: () => E.right(clock.power.wall()),
    life: {
      cancel(promise) {
        const sleeper = sleepers.get(promise);
        sleeper?.stop();
        sleeper?.wake();
      },
      release() {
        for (const { stop } of sleepers.values()) stop();
        sleepers.clear();
      },
    },
  };
};
