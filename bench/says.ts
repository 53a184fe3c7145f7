// What a process says on its standard output.
import type { ChildProcess } from "node:child_process";

/** Resolves with the next line that matches; what comes after it is not kept. Rejects where the process ends before. */
export const says = (child: ChildProcess, pattern: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = "";
    const hear = (data: Buffer): void => {
      said += data.toString();
      const line = said.split("\n").find((each) => pattern.test(each));
      if (line === undefined) return;
      child.stdout!.off("data", hear).resume();
      child.off("exit", end);
      resolve(line);
    };
    const end = (): void => reject(new Error(`it ended without ${pattern}: ${said}`));
    child.stdout!.on("data", hear);
    child.once("exit", end);
  });
