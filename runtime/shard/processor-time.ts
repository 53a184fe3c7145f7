// How long a thread of this process has really run. Unlike the time on the wall it does not pass while the machine is
// busy with something else, or while a disk keeps the thread waiting.
import { readFileSync, readlinkSync } from "node:fs";

/** A tick of /proc/PID/stat in ms: USER_HZ is 100 on Linux (proc(5), time(7)). */
const TICK_MS = 10;
/** utime and stime, counted from the field behind the name, which is in parentheses and may hold anything. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** The number by which the kernel knows the thread that asks. */
export const threadNumber = (): number => Number(readlinkSync("/proc/thread-self").split("/").at(-1));

/** Processor time that a thread of this process has taken, in ms, in steps of 10; 0 where there is no such thread. */
export const processorTime = (thread: number): number => {
  let stat: string;
  try {
    stat = readFileSync(`/proc/self/task/${thread}/stat`, "latin1");
  } catch {
    return 0;
  }
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * TICK_MS;
};
