// The options of `migrate` and `drain`, read and judged before the host is asked.
import { E } from "../../lib/fp.ts";
import { amountOfTime } from "../amount.ts";
import { MOST_MOVES } from "../daemon/control-protocol.ts";
import { WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import type { HostCommand } from "./host-command.ts";
import { drain, fetch, migrate, settle, type Interrupted } from "./migrate.ts";

export interface MigrateOptions extends HostCommand {
  readonly to?: string;
  readonly from?: string;
  readonly with: readonly string[];
  readonly precopy: boolean;
  readonly pause?: string;
  readonly rounds?: string;
  readonly abort: boolean;
  readonly resolve: boolean;
}

const MOST_COUNT = 1000;

const countIn = (text: string | undefined): number | null | undefined => {
  if (text === undefined) return null;
  const count = Number(text);
  return Number.isInteger(count) && count >= 0 && count <= MOST_COUNT && text.trim() !== ""
    ? count
    : undefined;
};

export const migrateCommand = async (
  name: string,
  { to, from, pause, rounds, abort, resolve, ...command }: MigrateOptions,
  told: Interrupted,
): Promise<ExitStatus> => {
  const wrong = (message: string): ExitStatus => {
    told.console.complain(`cryonode: ${message}`);
    return WRONG_INPUT;
  };
  const wanted = [to !== undefined, from !== undefined, abort, resolve].filter(Boolean).length;
  if (wanted !== 1)
    return wrong(
      `migrate ${name}: expected one of --to PEER, --from PEER, --abort and --resolve, found ${wanted} of them`,
    );
  if (abort || resolve)
    return settle({ ...command, name, how: abort ? "abort" : "resolve" }, told.console, told.signal);
  if (from !== undefined) {
    const isPlain = pause === undefined && rounds === undefined && command.precopy;
    if (!isPlain)
      return wrong(
        "--from: the host that it comes from says how: expected none of --pause, --rounds and --no-precopy",
      );
    return fetch({ ...command, name, from }, told);
  }
  const most = countIn(rounds);
  if (most === undefined) return wrong(`--rounds ${rounds}: expected a whole number up to ${MOST_COUNT}`);
  const still = pause === undefined ? E.right(null) : amountOfTime(pause);
  if (E.isLeft(still)) return wrong(`--pause ${pause}: expected a time such as 50ms or 1s`);
  return migrate({ ...command, name, to: to!, pause: still.right, rounds: most }, told);
};

export const drainCommand = async (
  { most, ...command }: HostCommand & { readonly to: string; readonly most: string },
  told: Interrupted,
): Promise<ExitStatus> => {
  const count = countIn(most);
  if (count !== null && count !== undefined && count > 0 && count <= MOST_MOVES)
    return drain({ ...command, most: count }, told);
  told.console.complain(`cryonode: --most ${most}: expected a whole number from 1 to ${MOST_MOVES}`);
  return WRONG_INPUT;
};
