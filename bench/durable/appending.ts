// What a disk allows: lines of 100 bytes appended to a file, each synced before the next.
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";

const LINE = Buffer.alloc(100, "a");

/** Lines a second over so many ms, in a file of this folder. */
export const appending = (folder: string, ms: number): number => {
  const file = openSync(join(folder, "appended"), "a");
  const began = performance.now();
  let lines = 0;
  let passed = 0;
  while (passed < ms) {
    writeSync(file, LINE);
    fdatasyncSync(file);
    lines++;
    passed = performance.now() - began;
  }
  closeSync(file);
  return (lines * 1000) / passed;
};
