// `cryonode up FILE`: a durable host. It starts what the file names, goes on with what was alive, and runs until it is
// told to stop; then it freezes all.
import { resolve } from "node:path";
import type { Worker } from "node:worker_threads";
import { E, type Either } from "../../lib/fp.ts";
import type { DurableConfig } from "../daemon/durable-host.ts";
import { DEFAULT_KEEPING } from "../host/host-config.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { parseAddress, type Address } from "../migrate/peer.ts";
import { readHostFile, type KeptReading } from "../scenario/kept-reading.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { complainAbout, shownPath } from "./complaints.ts";
import type { Console } from "./console.ts";
import { FAILED, INTERRUPTED, OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import type { Interruption } from "./interruption.ts";
import { UpReport } from "./up-report.ts";

export interface UpCommand {
  readonly file: string;
  readonly state: string;
  readonly json: boolean;
  /** Where it listens for peers, HOST:PORT; null: nowhere. */
  readonly listen: string | null;
}

/** A host's configuration: a scenario of one host, without steps. */
const configOf = ({ file, directory, hosts, start, steps }: Scenario): Either<Diagnostic, DurableConfig> => {
  const wrong = (line: number, column: number, message: string): Either<Diagnostic, never> =>
    E.left({ file, line, column, message });
  if (steps !== null)
    return wrong(
      steps[0]?.at.line ?? 1,
      steps[0]?.at.column ?? 1,
      "steps stand here: the file is a scenario, for `cryonode run`; expected a host's configuration, which has none",
    );
  const [host, second] = hosts;
  if (host === undefined || second !== undefined)
    return wrong(
      1,
      1,
      `the file has the hosts ${hosts.map(({ name }) => name).join(" and ")}; expected one: each has a file and a state directory of its own`,
    );
  const roots = [directory];
  const entries = start.map(
    ({ name, component, ram, caps, config, routes, turn, later, restart, ...kept }) => {
      const checkpoint = { ...DEFAULT_KEEPING.checkpoint, ...host.checkpoint, ...kept.checkpoint };
      const keeping = { checkpoint, disk: kept.disk, log: kept.log };
      const rest = kept.rest === undefined ? host.rest : kept.rest;
      const idle = rest === null ? {} : { rest };
      return {
        config: { name, component, ram, caps, config, routes, turn, keeping, ...idle },
        roots,
        later,
        restart,
      };
    },
  );
  return E.right({ file: resolve(file), host, entries });
};

interface CheckedUp {
  readonly config: DurableConfig;
  readonly address: Address | null;
  /** Keeps what the file was read to; null where that is kept. */
  readonly keep: KeptReading["keep"];
}

/** What is wrong with what the host is to be told: places in its file, or a reason. */
const checkedUp = async ({
  file,
  state,
  listen,
}: Omit<UpCommand, "json">): Promise<Either<readonly Diagnostic[] | string, CheckedUp>> => {
  const read = await readHostFile(file, state);
  if (E.isLeft(read)) return read;
  const config = configOf(read.right.scenario);
  if (E.isLeft(config)) return E.left([config.left]);
  const address = listen === null ? null : parseAddress(listen);
  if (listen !== null && address === null)
    return E.left(`--listen ${listen}: expected HOST:PORT, such as 127.0.0.1:7700`);
  if (listen !== null && (config.right.host.peers ?? []).length === 0)
    return E.left(
      `listening without pinned peers is refused: ${shownPath(resolve(file))} needs \`peers\` under its host, each with name, address and key`,
    );
  return E.right({ config: config.right, address, keep: read.right.keep });
};

/** `spare`: a thread that is coming up. */
export const up = async (
  { file, state: folder, json, listen }: UpCommand,
  console: Console,
  interruption: Interruption,
  spare: Worker | null,
): Promise<ExitStatus> => {
  const began = performance.now();
  const state = resolve(folder);
  const refused = (message: string): ExitStatus => {
    console.complain(`cryonode: ${message}`);
    return WRONG_INPUT;
  };
  const wrong = (diagnostics: readonly Diagnostic[]): ExitStatus => {
    complainAbout(console, diagnostics);
    return WRONG_INPUT;
  };
  // A thread becomes ready while the file is read.
  const { serveHost, warmHost } = await import("./serve-host.ts");
  const warm = warmHost(spare);
  const checked = await checkedUp({ file, state, listen });
  if (E.isLeft(checked)) {
    await warm.close();
    return typeof checked.left === "string" ? refused(checked.left) : wrong(checked.left);
  }
  const { config, address, keep } = checked.right;
  const since = (): number => performance.now() - began;
  const report = new UpReport({ console, json, since, config, state });
  const served = await serveHost({
    config,
    state,
    report,
    interruption,
    listen: address,
    warm,
    held: () => void keep?.(),
  });
  switch (served.tag) {
    case "Wrong":
      return wrong(served.diagnostics);
    case "Running":
      return refused(occupied(state, served.pid));
    case "Unusable":
      return refused(served.reason);
    case "Stopped":
      return INTERRUPTED;
    case "Ended":
      return served.left.length === 0 ? OK : FAILED;
  }
};

const occupied = (state: string, pid: number | null): string =>
  `another host runs on the state directory ${shownPath(state)}: process ${pid ?? "unknown, which does not answer"}; ` +
  `\`cryonode stop --state ${shownPath(state)}\` freezes its children and ends it`;
