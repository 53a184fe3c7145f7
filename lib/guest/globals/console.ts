// `console`, whose text goes to the ambient LOG session. A component without a LOG route loses it; the runtime
// reports that denial.
import { Log } from "../../session/log.ts";
import { AMBIENT_LOG } from "../abi.ts";
import { clientAt } from "../client.ts";
import { format } from "./format.ts";
import { inspect } from "./inspect.ts";

const log = clientAt(Log, AMBIENT_LOG, 0);
let indent = "";

const lost = (): void => {};

const write = (text: string): void => {
  log.write(indent === "" ? text : indent + text.replaceAll("\n", `\n${indent}`)).catch(lost);
};

const print = (...values: unknown[]): void => write(format(values));

const group = (...values: unknown[]): void => {
  if (values.length > 0) print(...values);
  indent += "  ";
};

export const console = {
  log: print,
  info: print,
  warn: print,
  error: print,
  debug: print,
  table: print,
  dir(value: unknown, options?: { readonly depth?: number | null }): void {
    write(inspect(value, options?.depth === null ? Infinity : options?.depth));
  },
  trace(...values: unknown[]): void {
    const frames = (new Error().stack ?? "").trimEnd().split("\n").slice(1);
    write([values.length > 0 ? `Trace: ${format(values)}` : "Trace", ...frames].join("\n"));
  },
  assert(holds?: unknown, ...values: unknown[]): void {
    const [first, ...rest] = values;
    if (holds) return;
    if (typeof first === "string") print(`Assertion failed: ${first}`, ...rest);
    else print("Assertion failed", ...values);
  },
  group,
  groupCollapsed: group,
  groupEnd(): void {
    indent = indent.slice(2);
  },
};
