// Processes of a contender: each leads a group, so that it is stopped and killed with all that it has begun.
import { spawn, type ChildProcess, type SpawnOptionsWithoutStdio } from "node:child_process";
import type { Running } from "./contender.ts";

export interface Started {
  readonly child: ChildProcess;
  /** What it said so far, the last of it. */
  said(): string;
  readonly ended: Promise<string>;
}

const MOST_SAID = 4000;

/** Whoever still runs when this process ends is ended with it. */
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const { pid } of alive) signalGroup(pid!, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const signalGroup = (leader: number, what: NodeJS.Signals): void => {
  try {
    process.kill(-leader, what);
  } catch {
    // It is gone.
  }
};

export const started = (
  command: string,
  args: readonly string[],
  options: SpawnOptionsWithoutStdio = {},
): Started => {
  const child = spawn(command, [...args], {
    ...options,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"] as const,
  });
  alive.add(child);
  let said = "";
  const hear = (data: Buffer): void => {
    said = `${said}${data.toString()}`.slice(-MOST_SAID);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  const ended = new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", () => {
      alive.delete(child);
      resolve(said);
    });
  });
  return { child, said: () => said, ended };
};

const signal = (processes: readonly Started[], what: NodeJS.Signals): void => {
  for (const { child } of processes) signalGroup(child.pid!, what);
};

/** Processes as one; `steps`: the one that does the steps, whose end is told. */
export const running = (processes: readonly Started[], steps: Started): Running => ({
  ended: steps.ended,
  async kill() {
    signal(processes, "SIGKILL");
    await Promise.all(processes.map(({ ended }) => ended));
  },
  pause: () => signal(processes, "SIGSTOP"),
  proceed: () => signal(processes, "SIGCONT"),
});
