// `cryonode run FILE`: a scenario to its verdict.
import { resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import { readScenario } from "../scenario/read-scenario.ts";
import type { RunEvent } from "../scenario/run-event.ts";
import { complainAbout } from "./complaints.ts";
import type { Console } from "./console.ts";
import { FAILED, INTERRUPTED, OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import { HumanReport } from "./human-report.ts";
import { jsonReport } from "./json-report.ts";

export interface RunCommand {
  readonly file: string;
  readonly state: string;
  readonly json: boolean;
}

/** `signal` ends the run early. */
export const run = async (
  { file, state, json }: RunCommand,
  console: Console,
  signal: AbortSignal,
): Promise<ExitStatus> => {
  const began = performance.now();
  const since = (): number => performance.now() - began;
  const read = await readScenario(file);
  if (E.isLeft(read)) {
    complainAbout(console, read.left);
    return WRONG_INPUT;
  }
  const scenario = read.right;
  if (scenario.steps === null) {
    console.complain(
      `${file}:1:1: the file has no steps: it is a host's configuration, for \`cryonode up\`; expected a scenario with steps`,
    );
    return WRONG_INPUT;
  }
  const human = json ? null : new HumanReport(console, since);
  const report: (event: RunEvent) => void = human?.event ?? jsonReport(console, since);
  human?.begin(scenario);
  const { prepare } = await import("./prepare.ts");
  const prepared = await prepare(scenario, resolve(state));
  if (E.isLeft(prepared)) {
    complainAbout(console, prepared.left);
    return WRONG_INPUT;
  }
  const { runtime, compiled } = prepared.right;
  try {
    const { runScenario } = await import("../scenario/run-scenario.ts");
    const ran = await runScenario({ scenario, compiled, runtime, report, signal });
    if (E.isLeft(ran)) {
      complainAbout(console, [ran.left]);
      return WRONG_INPUT;
    }
    const verdict = ran.right;
    return verdict.interrupted ? INTERRUPTED : verdict.ok ? OK : FAILED;
  } finally {
    await runtime.close();
  }
};
