// What the workers have appended: how many lines there are, and whether they are the numbers from 1 on, each once.
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

const fileOf = (folder: string, worker: number): string => join(folder, "out", `w${worker}.log`);

const TAIL = 64;
const tail = Buffer.alloc(TAIL);

/** The number in the last whole line of a worker's file; 0 where there is none. */
export const lastLine = (folder: string, worker: number): number => {
  let file: number;
  try {
    file = openSync(fileOf(folder, worker), "r");
  } catch {
    return 0;
  }
  try {
    const { size } = fstatSync(file);
    const read = readSync(file, tail, 0, TAIL, Math.max(0, size - TAIL));
    const lines = tail.toString("latin1", 0, read).split("\n");
    return Number(lines.at(-2) ?? 0);
  } finally {
    closeSync(file);
  }
};

export const linesOfAll = (folder: string, workers: number): number => {
  let lines = 0;
  for (let worker = 0; worker < workers; worker++) lines += lastLine(folder, worker);
  return lines;
};

/** Bytes in all workers' files: what grows by every step. */
export const bytesOfAll = (folder: string, workers: number): number => {
  let bytes = 0;
  for (let worker = 0; worker < workers; worker++)
    bytes += statSync(fileOf(folder, worker), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
};

export interface Verdict {
  readonly duplicates: number;
  readonly losses: number;
}

/** What is wrong with a worker's lines. */
export const verdictOn = (folder: string, worker: number): Verdict => {
  const lines = readFileSync(fileOf(folder, worker), "latin1").split("\n").slice(0, -1).map(Number);
  const seen = new Set(lines);
  const last = Math.max(0, ...lines);
  return { duplicates: lines.length - seen.size, losses: last - seen.size };
};
