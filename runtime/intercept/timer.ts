// Timer, intercepted: a sleep that a freeze interrupted goes on with what is left of it.
import { Timer } from "../../lib/session/timer.ts";
import type { TimerObject } from "../core/timer.ts";
import { interceptor } from "./interceptor.ts";

export const timerInterceptor = interceptor(Timer, {
  record: {},
  outside: {},
  again: {
    sleep: (timer, [ms], { own, wall }) => [
      Math.max(0, ms - ((timer as TimerObject).deadline === "wall" ? wall : own)),
    ],
  },
});
