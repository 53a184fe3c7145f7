// Processes of specs: started with a script of ours, spoken to by lines.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export class SpecProcess {
  readonly child: ChildProcess;
  #lines: string[] = [];
  #waiting: (() => void) | null = null;
  #ended = false;

  /** `script` lies beside this file, built. `shell`: words to run before node, such as limits. */
  constructor(script: string, args: readonly string[], shell = "") {
    const file = fileURLToPath(new URL(script, import.meta.url));
    const command = [process.execPath, file, ...args];
    this.child =
      shell === ""
        ? spawn(command[0]!, command.slice(1), { stdio: ["pipe", "pipe", "inherit"] })
        : spawn("sh", ["-c", `${shell}; exec "$@"`, "sh", ...command], {
            stdio: ["pipe", "pipe", "inherit"],
          });
    let rest = "";
    this.child.stdout!.on("data", (bytes: Buffer) => {
      const lines = (rest + bytes.toString("utf8")).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#waiting?.();
    });
    this.child.stdout!.on("close", () => {
      this.#ended = true;
      this.#waiting?.();
    });
  }

  /** The next line, or `null` when there will be none. */
  async line(): Promise<string | null> {
    while (this.#lines.length === 0 && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    return this.#lines.shift() ?? null;
  }

  /** Lines that are there and were not asked for yet; all there will be, once it has ended. */
  rest(): readonly string[] {
    return this.#lines.splice(0);
  }

  /** Resolves when it is gone and all that it said has arrived. */
  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.gone();
  }

  /** Its exit code; `null` where it was killed. */
  async gone(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    while (!this.#ended) await new Promise((resolve) => setImmediate(resolve));
    return this.child.exitCode;
  }
}
