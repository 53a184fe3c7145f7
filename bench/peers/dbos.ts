// DBOS on a PostgreSQL of its own, which outlives the kills: they are the application's.
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Contender } from "../durable/contender.ts";
import { running, started, type Started } from "../durable/processes.ts";
import { missing, peers } from "./installed.ts";
import { freePort, listening } from "./port.ts";

const ROOT = "/usr/lib/postgresql";

/** Where PostgreSQL's programs are, as Debian has them. */
const programs = (): string | null => {
  const versions = existsSync(ROOT) ? readdirSync(ROOT).map(Number) : [];
  const bin = join(ROOT, String(Math.max(...versions)), "bin");
  return existsSync(join(bin, "initdb")) ? bin : null;
};

/** PostgreSQL refuses to be run by root. */
const owner = (): { readonly uid?: number; readonly gid?: number } => {
  if (process.getuid?.() !== 0) return {};
  const id = (what: string): number => Number(execFileSync("id", [what, "postgres"]).toString());
  return { uid: id("-u"), gid: id("-g") };
};

interface Database {
  readonly server: Started;
  readonly port: number;
}

const databases = new Map<string, Database>();

const database = async (folder: string): Promise<Database> => {
  const known = databases.get(folder);
  if (known !== undefined) return known;
  const [bin, who] = [programs()!, owner()];
  const data = join(folder, "pg");
  mkdirSync(data, { mode: 0o700 });
  chmodSync(folder, 0o711);
  if (who.uid !== undefined) chownSync(data, who.uid, who.gid!);
  execFileSync(join(bin, "initdb"), ["-D", data, "-U", "postgres", "--auth=trust"], {
    ...who,
    cwd: "/",
    stdio: "ignore",
  });
  const port = await freePort();
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200"];
  const args = ["-D", data, "-p", String(port), ...settings.flatMap((each) => ["-c", each])];
  const server = started(join(bin, "postgres"), args, { ...who, cwd: "/" });
  await listening(port, server.ended);
  const made = { server, port };
  databases.set(folder, made);
  return made;
};

const urlOf = (port: number): string => `postgresql://postgres@127.0.0.1:${port}/dbos`;

export const dbos: Contender = {
  name: "DBOS on PostgreSQL",
  note: "the database outlives the kills; its disk use is that of its tables",
  absent: () =>
    missing("@dbos-inc/dbos-sdk") ?? (programs() === null ? "there is no PostgreSQL on this machine" : null),
  keeps: [],
  async start({ folder, workers, crashAfter }) {
    await mkdir(join(folder, "out"), { recursive: true });
    const { server, port } = await database(folder);
    const env = { ...process.env, ...(crashAfter === null ? {} : { CRASH_AFTER: String(crashAfter) }) };
    const args = [join(peers, "dbos.js"), folder, String(workers), urlOf(port)];
    const node = started(process.execPath, args, { env });
    const both = running([node, server], node);
    return { ...running([node], node), pause: () => both.pause(), proceed: () => both.proceed() };
  },
  async bytes(folder) {
    const { port } = databases.get(folder)!;
    const query =
      "select coalesce(sum(pg_total_relation_size(c.oid)), 0) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'dbos' and c.relkind = 'r'";
    return Number(execFileSync(join(programs()!, "psql"), [urlOf(port), "-Atc", query]).toString());
  },
  async end(folder) {
    const found = databases.get(folder);
    databases.delete(folder);
    if (found !== undefined) await running([found.server], found.server).kill();
  },
};
