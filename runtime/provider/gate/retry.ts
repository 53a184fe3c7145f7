// How often something is tried that others may not be ready for yet, and with which pauses.

import { setTimeout as pause } from "node:timers/promises";

export interface Retry {
  /** Tries before it counts as failed. Default 5. */
  readonly tries: number;
  /** ms before the second try; doubled before each further one. Default 50. */
  readonly first: number;
  /** ms, the longest pause. Default 800. */
  readonly longest: number;
  /** ms that one try to connect may take. Default 2,000. */
  readonly connect: number;
}

export const usualRetry: Retry = { tries: 5, first: 50, longest: 800, connect: 2000 };

/**
 * Calls `attempt` until `again` says that its result is no reason for another try, at most `tries` times. The last
 * result, and how many tries it took; an abort of `stop` ends a pause early and allows no further try.
 */
export const retried = async <A>(
  { tries, first, longest }: Retry,
  stop: AbortSignal,
  attempt: () => Promise<A>,
  again: (result: A) => boolean,
): Promise<{ readonly result: A; readonly tries: number }> => {
  let delay = first;
  for (let count = 1; ; count++) {
    const result = await attempt();
    if (count >= tries || stop.aborted || !again(result)) return { result, tries: count };
    await pause(delay, undefined, { signal: stop }).catch(() => {});
    if (stop.aborted) return { result, tries: count };
    delay = Math.min(2 * delay, longest);
  }
};

/** `1 try`, `3 tries`. */
export const triesText = (tries: number): string => `${tries} ${tries === 1 ? "try" : "tries"}`;
