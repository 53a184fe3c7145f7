// The power to touch real files, handed in so that a spec can make any single call of it fail.

import * as fs from "node:fs";

export type Disk = Pick<
  typeof fs,
  | "closeSync"
  | "fdatasyncSync"
  | "fstatSync"
  | "fsyncSync"
  | "ftruncateSync"
  | "lstatSync"
  | "mkdirSync"
  | "openSync"
  | "readdirSync"
  | "readlinkSync"
  | "readSync"
  | "renameSync"
  | "rmdirSync"
  | "unlinkSync"
  | "watch"
  | "writeSync"
>;

export const realDisk: Disk = fs;

/** Opens a place without the right to read it, enough to walk on from; Node has no name for this flag of Linux. */
export const placeOnly = 0o10000000;

/** Makes a file that has no name; Node does not tell this flag of Linux either. */
export const nameless = 0o20000000 | fs.constants.O_DIRECTORY;

/** The name by which the kernel leads back to a descriptor, never by way of the path it was opened with. */
export const descriptorPath = (descriptor: number): string => `/proc/self/fd/${descriptor}`;
