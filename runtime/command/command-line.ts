// The command line as a process: hands the arguments to a command, and its exit status to the caller.
import type { Worker } from "node:worker_threads";
import { processConsole } from "./console.ts";
import { FAULT, INTERRUPTED } from "./exit-status.ts";
import { runProgram } from "./program.ts";

const stop = new AbortController();
const again = new AbortController();
const console = processConsole();
let takenOver = false;

/** Who reads our output has gone, as `head` does: nothing is left to say, and nobody to hear the verdict. */
const READER_GONE = 141;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (takenOver) return stop.abort();
  process.exit(error.code === "EPIPE" ? READER_GONE : FAULT);
});

/** What SIGTERM and SIGHUP make of a run, by the custom that made SIGINT's 130. */
const TERMINATED = 143;
const HUNG_UP = 129;
let interrupted = INTERRUPTED as number;
const interrupt = (status: number) => (): void => {
  // Told twice, it does not wait for anything.
  if (stop.signal.aborted) {
    again.abort();
    process.exit(status);
  }
  interrupted = status;
  stop.abort();
};
process.on("SIGINT", interrupt(INTERRUPTED));
process.on("SIGTERM", interrupt(TERMINATED));
process.on("SIGHUP", interrupt(HUNG_UP));

const fault = (error: unknown): never => {
  const reason = error instanceof Error ? error.message : String(error);
  console.complain(`cryonode: a fault of Cryonode itself: ${reason}`);
  console.complain(
    "Please report it, with the file that brought it about; CRYONODE_DEBUG=1 shows where it was.",
  );
  if ((process.env["CRYONODE_DEBUG"] ?? "") !== "" && error instanceof Error)
    console.complain(error.stack ?? "");
  process.exit(FAULT);
};
process.on("uncaughtException", fault);
process.on("unhandledRejection", fault);

/** `spare`: a thread that is coming up already. The process ends with the command. */
export const runCommandLine = async (spare: Worker | null): Promise<never> => {
  const takeOver = (): void => {
    takenOver = true;
  };
  const interruption = { stop: stop.signal, again: again.signal, takeOver };
  const status = await runProgram(process.argv.slice(2), console, interruption, spare);
  return process.exit(stop.signal.aborted && !takenOver ? interrupted : status);
};
