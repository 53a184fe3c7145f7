// Bounds that no quota names, against a component that floods its parent.

/** Interrupt polls that a turn may take per nominal millisecond. The engine polls some five times a millisecond
 *  (20,000 polls of an empty loop took 4 s); unlike time, polls repeat exactly on replay. */
export const POLLS_A_MS = 5;

/** Calls in flight at once, and calls of one turn. */
export const MOST_CALLS = 65536;

/** Bytes of text and payload that the calls of one turn may carry in all. */
export const MOST_BYTES_A_TURN = 64 << 20;

/** Bytes of a protection domain that only just lives: the base memory and room to load code. */
export const LEAST_RAM = 3 << 20;
