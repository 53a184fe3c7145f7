// How much a heap may grow before the collector goes through all of it. By default that is a few megabytes where little
// is thrown away, and each machine counts as so many: of every ten children that come to life one had the collector look
// at the heaps of all the others.
import { setFlagsFromString } from "node:v8";

/** In percent of what the last collection left. */
const GROWTH = 200;

/** For the whole process, threads included. Code that was compiled before is no longer taken for the engine's own, so it
 *  comes first. */
export const growFreely = (): void => setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
