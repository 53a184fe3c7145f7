// What a command's exit status says.

export type ExitStatus = 0 | 1 | 2 | 3 | 130;

/** The verdict holds, or the command did its work. */
export const OK = 0;
/** A step or an expectation failed. */
export const FAILED = 1;
/** The input is wrong, found before anything was started or changed. */
export const WRONG_INPUT = 2;
/** A fault of Cryonode itself. */
export const FAULT = 3;
/** Stopped by SIGINT. */
export const INTERRUPTED = 130;
