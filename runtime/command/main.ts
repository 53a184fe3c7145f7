#!/usr/bin/env node
// The bundled command's entry: has a thread come up for a durable host, and runs the bundle of `command-line.ts`, with
// what was kept of its compiled code.
import { fileURLToPath } from "node:url";
import { startThread } from "../host/spare-thread.ts";
import { runScript } from "../kept-code.ts";
import type { runCommandLine } from "./command-line.ts";

/** The commands that need most; the others need little, and much the same. */
const LARGE: ReadonlySet<string> = new Set(["run", "up"]);

const [command = ""] = process.argv.slice(2);
// `run` has its thread come up while its components compile.
const spare = command === "up" ? startThread() : null;
const program = runScript(
  fileURLToPath(new URL("./command.cjs", import.meta.url)),
  LARGE.has(command) ? command : "other",
);
void (program as { readonly runCommandLine: typeof runCommandLine }).runCommandLine(spare);
