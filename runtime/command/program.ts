// The commands and their options. Each command's own modules are loaded when it is called, so that none waits
// for a compiler that it does not need.
import { readFileSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { Command, CommanderError } from "commander";
import type { Console } from "./console.ts";
import { INTERRUPTED, OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import { addHostCommands } from "./host-commands.ts";
import type { Interruption } from "./interruption.ts";

const DEFAULT_STATE = "./.cryonode";

const EXAMPLES = `
Examples:
  cryonode run scenarios/counter.yaml          runs a scenario to its verdict
  cryonode run scenarios/counter.yaml --json   the same, one JSON object a line
  cryonode check scenarios/counter.yaml        validates it, its components' types included
  cryonode inspect counter.cryo                shows what an image holds
  cryonode verify counter.cryo                 checks an image whole
  cryonode up host.yaml                        runs a durable host, until Ctrl-C freezes all
  cryonode ps                                  shows what it has, and how it is
  cryonode logs counter -f                     follows what a child writes
  cryonode call counter Counter.next 2         calls a child's service
  cryonode migrate counter --to there          moves a child to another host while it runs
  cryonode key                                 prints this host's public key, for others to trust

Exit status: 0 the verdict holds, 1 a step or an expectation failed, 2 the input is wrong,
3 a fault of Cryonode itself.`;

const version = (): string => {
  const manifest = new URL("../../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
};

interface StateOption {
  readonly state: string;
}

/** Runs one command line. `spare`: a thread that is coming up, for `up`. Never rejects for what the user can put
 *  right. */
export const runProgram = async (
  args: readonly string[],
  console: Console,
  interruption: Interruption,
  spare: Worker | null,
): Promise<ExitStatus> => {
  const { stop: signal } = interruption;
  let status: ExitStatus = OK;
  let takenOver = false;
  const takeOver = (): void => {
    takenOver = true;
    interruption.takeOver();
  };
  const program = new Command("cryonode");
  const state = ["--state <dir>", "the state directory: images, keys, claims", DEFAULT_STATE] as const;
  const json = ["--json", "print one JSON object a line", false] as const;

  program
    .description("Freezes TypeScript components at any await and revives them elsewhere.")
    .version(version(), "-v, --version", "print the version")
    .helpOption("-h, --help", "show this")
    .helpCommand("help [command]", "show this, or the help of a command")
    .addHelpText("after", EXAMPLES)
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => console.print(text.replace(/\n$/, "")),
      writeErr: (text) => console.complain(text.replace(/\n$/, "")),
      outputError: (text, write) => write(wording(text)),
    });

  program
    .command("run")
    .description("run a scenario to its verdict")
    .argument("<file>", "the scenario file")
    .option(...state)
    .option(...json)
    .action(async (file: string, options: StateOption & { readonly json: boolean }) => {
      const { run } = await import("./run.ts");
      status = await run({ file, ...options }, console, signal);
    });

  program
    .command("check")
    .description("validate a scenario, its components' types included")
    .argument("<file>", "the scenario file")
    .action(async (file: string) => {
      const { check } = await import("./check.ts");
      status = await check(file, console);
    });

  program
    .command("inspect")
    .description(
      "show what an image holds, never what is in its memory; or how a child is, and what brought it down",
    )
    .argument(
      "<image>",
      "the image's name in the state directory, or its path; or the name of a child, or a state directory",
    )
    .option(...state)
    .option("--json", "print one JSON object", false)
    .action(async (image: string, options: StateOption & { readonly json: boolean }) => {
      const { inspect } = await import("./inspect.ts");
      status = await inspect({ image, ...options }, console);
    });

  program
    .command("verify")
    .description("check an image whole: structure, checksums, signature")
    .argument("<image>", "the image's name in the state directory, or its path")
    .option(...state)
    .option(
      "--trust <key>",
      "accept this key's signature too, as `cryonode key` prints it there; may be given again",
      (key: string, known: readonly string[]) => [...known, key],
      [] as readonly string[],
    )
    .action(async (image: string, options: StateOption & { readonly trust: readonly string[] }) => {
      const { verify } = await import("./verify.ts");
      status = await verify({ image, ...options }, console);
    });

  program
    .command("up")
    .description(
      "run a durable host: it goes on with what was alive, and freezes all when it is told to stop",
    )
    .argument("<file>", "the host's configuration: a scenario file without steps")
    .option(...state)
    .option(...json)
    .option(
      "--listen <address>",
      "take children in from the file's peers here, HOST:PORT (default: it does not)",
    )
    .action(
      async (file: string, options: StateOption & { readonly json: boolean; readonly listen?: string }) => {
        const { up } = await import("./up.ts");
        const { listen = null } = options;
        status = await up({ file, ...options, listen }, console, { ...interruption, takeOver }, spare);
      },
    );

  // The two that are waited for most are found without the others.
  if (args[0] !== "up" && args[0] !== "run")
    addHostCommands(program, {
      ...{ state: DEFAULT_STATE, console, signal, tooLate: takeOver },
      done: (given) => (status = given),
    });

  program
    .command("key")
    .description("print the host's public key; made at first use")
    .option(...state)
    .action(async (options: StateOption) => {
      const { key } = await import("./key.ts");
      status = await key(options.state, console);
    });

  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help that was asked for is no mistake; help for want of a command is.
    return error.exitCode === 0 ? OK : WRONG_INPUT;
  }
  return signal.aborted && !takenOver ? INTERRUPTED : status;
};

/** `cryonode: unknown command "rnu"; did you mean "run"?` */
const wording = (text: string): string =>
  text
    .replace(/^error: /, "cryonode: ")
    .replace(/\n\(Did you mean (?:one of )?(.*?)\?\)/, '; did you mean "$1"?');
