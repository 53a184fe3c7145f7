// How much a heap may grow before the collector goes through all of it. By default that is a few megabytes where little
// is thrown away, and each machine counts as so many: of every ten children that come to life one had the collector look
// at the heaps of all the others.
import { setFlagsFromString } from "node:v8";

/** In percent of what the last collection left. */
const GROWTH = 200;
/** V8's own choice. */
const BY_DEFAULT = 0;

const percent = (growth: number): void => setFlagsFromString(`--heap-growing-percent=${growth}`);

/** For the whole process, threads included, once it is up: from then on V8 no longer takes the compiled code that Node
 *  carries for its own modules, because that was made under other flags, and each one that is yet to be loaded, and each
 *  thread that is yet to come up, takes three times as long. */
export const growFreely = (): void => percent(GROWTH);

/** Does something as it would have been done before the heaps were let grow. */
export const beforeGrowth = <T>(act: () => T): T => {
  percent(BY_DEFAULT);
  try {
    return act();
  } finally {
    growFreely();
  }
};
