// Bounds that no quota names, against a component that floods its parent.

/** Interrupt polls that a turn may take per nominal millisecond. The engine polls 5 times a millisecond in V8's
 *  baseline tier and 16 times once it is warm; unlike time, polls repeat exactly on replay. */
export const POLLS_A_MS = 10;

/** Calls in flight at once, and calls of one turn. */
export const MOST_CALLS = 65536;

/** Bytes of text and payload that the calls of one turn may carry in all. */
export const MOST_BYTES_A_TURN = 64 << 20;

/** Characters of a call that the ledger records: names, labels and arguments that stay for as long as what they
 *  ask for. */
export const MOST_RECORDED = 65536;
