// The step that every peer makes: a line appended to a log outside. Where it is told to, the process ends right after
// the line, before anybody can have recorded it.
import { appendFileSync } from "node:fs";
import { join } from "node:path";

let left = Number(process.env.CRASH_AFTER ?? Infinity);

/** `crash`: what ends the peer; default: this process ends. */
export const append = (folder, name, n, crash = () => process.kill(process.pid, "SIGKILL")) => {
  appendFileSync(join(folder, "out", `${name}.log`), `${n}\n`);
  if (--left === 0) crash();
};
