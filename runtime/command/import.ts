// `cryonode import IMAGE`: takes an image in, where there is one.
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { refusal } from "../daemon/control-protocol.ts";
import { resolveImage } from "../scenario/schema-path.ts";
import { childCommand } from "./child-command.ts";
import type { Console } from "./console.ts";
import type { ExitStatus } from "./exit-status.ts";
import { refuse, type HostCommand } from "./host-command.ts";
import { absentImage } from "./image-file.ts";

export interface ImportCommand extends HostCommand {
  readonly image: string;
  readonly as: string | null;
}

export const importImage = async (
  { image, as, ...command }: ImportCommand,
  console: Console,
  signal: AbortSignal,
): Promise<ExitStatus> => {
  const file = resolveImage(image, resolve(command.state), process.cwd());
  if (existsSync(file)) return childCommand(command, { command: "import", file, as }, console, signal);
  return refuse(command, refusal("NoSuchImage", absentImage(image, file), "input"), console, () => 0);
};
