#!/usr/bin/env node
// The bundled command's entry: has a thread come up for a command that will need one, and runs the bundle of
// `command-line.ts`, with what was kept of its compiled code.
import { fileURLToPath } from "node:url";
import { growFreely } from "../heap-growth.ts";
import { startThread } from "../host/spare-thread.ts";
import { runScript } from "../kept-code.ts";
import type { runCommandLine } from "./command-line.ts";

/** Commands that a thread is needed for; the others need little, and much the same. */
const NEEDS_THREAD: ReadonlySet<string> = new Set(["run", "up"]);

growFreely();
const [command = ""] = process.argv.slice(2);
const needsThread = NEEDS_THREAD.has(command);
const spare = needsThread ? startThread() : null;
const program = runScript(
  fileURLToPath(new URL("./command.cjs", import.meta.url)),
  needsThread ? command : "other",
);
void (program as { readonly runCommandLine: typeof runCommandLine }).runCommandLine(spare);
