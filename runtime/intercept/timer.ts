// Timer, intercepted: a sleep that a freeze interrupted goes on with what is left of it.
import { Timer } from "../../lib/session/timer.ts";
import type { TimerObject } from "../core/timer.ts";
import type { Interceptor } from "./interceptor.ts";

export const timerInterceptor: Interceptor = {
  service: Timer.service,
  record: {},
  again: {
    sleep: (timer, [ms], { own, wall }) => [
      Math.max(0, (ms as number) - ((timer as TimerObject).deadline === "wall" ? wall : own)),
    ],
  },
};
