// The commands that act on the running host of a state directory, with their arguments and options.
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Asked } from "../daemon/control-client.ts";
import { resolveImage } from "../scenario/schema-path.ts";
import type { Console } from "./console.ts";
import type { ExitStatus } from "./exit-status.ts";
import type { HostCommand } from "./host-command.ts";
import type { MigrateOptions } from "./migrate-options.ts";

export interface HostCommandsOptions {
  /** The default state directory. */
  readonly state: string;
  readonly console: Console;
  readonly signal: AbortSignal;
  readonly done: (status: ExitStatus) => void;
  /** What was to be stopped is done: the exit status says so, whoever has interrupted it meanwhile. */
  readonly tooLate: () => void;
}

/** Adds them. Their modules are loaded when they are called. */
export const addHostCommands = (
  program: Command,
  { state: byDefault, console, signal, done, tooLate }: HostCommandsOptions,
): void => {
  const state = ["--state <dir>", "the state directory of the host", byDefault] as const;
  const json = ["--json", "print one JSON object a line", false] as const;
  const NAME = ["<name>", "the child, as its start entry names it"] as const;

  const add = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option(...state)
      .option(...json);

  const tell = async (command: HostCommand, asked: Asked): Promise<void> => {
    const { childCommand } = await import("./child-command.ts");
    done(await childCommand(command, asked, console, signal));
  };
  /** Where an image lies: in the state directory, where it is a bare name. */
  const imagePath = (image: string, command: HostCommand): string =>
    resolveImage(image, resolve(command.state), process.cwd());
  const imageOrOwn = (image: string | undefined, command: HostCommand): string | null =>
    image === undefined ? null : imagePath(image, command);

  add("ps", "show what the host has: state, generation, memory, sessions, last checkpoint, restarts").action(
    async (command: HostCommand) => {
      const { ps } = await import("./ps.ts");
      done(await ps(command, console, signal));
    },
  );

  add("logs", "print what a child wrote to its log")
    .argument(...NAME)
    .option("-f, --follow", "go on with what it writes from now on", false)
    .option("-n, --lines <count>", "the last lines only")
    .action(
      async (
        name: string,
        command: HostCommand & { readonly follow: boolean; readonly lines: string | undefined },
      ) => {
        const { logs } = await import("./logs.ts");
        done(await logs({ name, ...command, lines: command.lines }, console, signal));
      },
    );

  add("start", "start an entry anew that has ended, or waits to be started")
    .argument(...NAME)
    .option("--on <peer>", "an entry of that host, where its file lets this one: `may: [initialize]`")
    .action((name: string, { on, ...command }: HostCommand & { readonly on?: string }) =>
      tell(command, on === undefined ? { command: "start", name } : { command: "initialize", name, on }),
    );

  add("freeze", "freeze a child; it stays frozen until it is revived")
    .argument(...NAME)
    .argument("[image]", "where; a bare name lies in the state directory (default: images/NAME.cryo there)")
    .action((name: string, image: string | undefined, command: HostCommand) =>
      tell(command, { command: "freeze", name, image: imageOrOwn(image, command) }),
    );

  add("revive", "bring a frozen child back, at the very await where it was")
    .argument(...NAME)
    .action((name: string, command: HostCommand) => tell(command, { command: "revive", name }));

  add("checkpoint", "write an image of a child while it goes on running")
    .argument(...NAME)
    .argument("[image]", "where; a bare name lies in the state directory (default: images/NAME.cryo there)")
    .action((name: string, image: string | undefined, command: HostCommand) =>
      tell(command, { command: "checkpoint", name, image: imageOrOwn(image, command) }),
    );

  add("kill", "drop a child with no farewell")
    .argument(...NAME)
    .action((name: string, command: HostCommand) => tell(command, { command: "kill", name }));

  add("replace", "run other code in a child's place, under the same routes")
    .argument(...NAME)
    .argument("[component]", "the component's file (default: its own, as it is now)")
    .action((name: string, component: string | undefined, command: HostCommand) =>
      tell(command, {
        command: "replace",
        name,
        component: component === undefined ? null : resolve(component),
      }),
    );

  add("export", "put a child into a file: a copy as it is now, and it goes on; or given up, with --move")
    .argument(...NAME)
    .argument("<file>", "where; a bare name lies in the state directory")
    .option("--move", "give it up: it never lives here again, and comes back as itself at one host", false)
    .option("--to <key>", "that host's public key, as `cryonode key` prints it there (default: this host's)")
    .option("--encrypt <key>", "seal it: only the host with this public key can open it")
    .option("--whole", "with the base memory that it needs, for a host of another release", false)
    .action(
      (
        name: string,
        file: string,
        command: HostCommand & {
          readonly move: boolean;
          readonly to?: string;
          readonly encrypt?: string;
          readonly whole: boolean;
        },
      ) => {
        const { move, to = null, encrypt = null, whole } = command;
        const path = imagePath(file, command);
        return tell(command, { command: "export", name, file: path, move, to, encrypt, whole });
      },
    );

  add(
    "import",
    "take an image or a container in, frozen: what was given to this host as itself, a copy as a clone",
  )
    .argument("<file>", "its name in the state directory, or its path")
    .option(
      "--as <name>",
      "the start entry that it shall be (default: the one of its name); it is a clone then",
    )
    .action(async (image: string, command: HostCommand & { readonly as?: string }) => {
      const { importImage } = await import("./import.ts");
      done(await importImage({ ...command, image, as: command.as ?? null }, console, signal));
    });

  add("migrate", "move a child to another host while it runs; Ctrl-C stops that, and it runs on")
    .argument(...NAME)
    .option("--to <peer>", "a peer of the host's file: its name, or its HOST:PORT")
    .option("--from <peer>", "fetch it from there, where the peer's file lets this host: `may: [transfer]`")
    .option(
      "--with <name...>",
      "children that go with it, at one instant: those that it serves, or is served by",
      [],
    )
    .option("--no-precopy", "stop it first and copy then, instead of copying while it runs")
    .option("--pause <time>", "how long it should stand still at most (default: 25ms)")
    .option("--rounds <count>", "most rounds of memory before it is stopped (default: 8)")
    .option("--abort", "stop a migration that is under way", false)
    .option("--resolve", "it is in doubt, and its source is gone for good: it lives here", false)
    .action(async (name: string, command: MigrateOptions) => {
      const { migrateCommand } = await import("./migrate-options.ts");
      done(await migrateCommand(name, command, { console, signal, tooLate }));
    });

  add("drain", "move all children that run to another host; Ctrl-C stops that, and says who has moved")
    .requiredOption("--to <peer>", "a peer of the host's file: its name, or its HOST:PORT")
    .option("--most <count>", "how many at a time", "2")
    .action(async (command: HostCommand & { readonly to: string; readonly most: string }) => {
      const { drainCommand } = await import("./migrate-options.ts");
      done(await drainCommand(command, { console, signal, tooLate }));
    });

  add("call", "call a method of a child's service, and print what it answers")
    .argument(...NAME)
    .argument("<method>", "Service.method")
    .argument("[args]", "JSON: a list of arguments, or the only one")
    .option("--label <label>", "the session's label", "")
    .option("--within <time>", "how long it may take, such as 10s (default: as long as it takes)")
    .action(
      async (
        name: string,
        target: string,
        args: string | undefined,
        command: HostCommand & { readonly label: string; readonly within: string | undefined },
      ) => {
        const { call } = await import("./call.ts");
        done(await call({ name, target, args, ...command, within: command.within }, console, signal));
      },
    );

  add("stop", "freeze all and end the host").action(async (command: HostCommand) => {
    const { stop } = await import("./stop.ts");
    done(await stop(command, console, signal));
  });
};
