// Two durable hosts over loopback, each a process of its own, that are each other's peers.
import { spawn, type ChildProcess } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { E } from "../lib/fp.ts";
import { ask, type Asked } from "../runtime/daemon/control-client.ts";
import { freePort } from "./peers/port.ts";
import { says } from "./says.ts";

const PROGRAM = fileURLToPath(new URL("../bin/command/main.js", import.meta.url));
const COMPONENTS = fileURLToPath(new URL("../../bench/component/", import.meta.url));

const SIDES = ["here", "there"] as const;
export type Side = (typeof SIDES)[number];

export interface TwoHostsOptions {
  /** Files of `bench/component` that lie beside the hosts' files. */
  readonly components: readonly string[];
  /** What one host's file has under `start:`. */
  readonly start: (side: Side) => string;
  /** What its RAM is bounded to. Default: what a host's is without a word. */
  readonly ram?: string;
}

const otherThan = (side: Side): Side => (side === "here" ? "there" : "here");

export class TwoHosts {
  /** Gone when they are closed. */
  readonly folder: string;
  readonly #processes = new Map<Side, ChildProcess>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Both are up. */
  static async open({ components, start, ram }: TwoHostsOptions): Promise<TwoHosts> {
    const hosts = new TwoHosts(await mkdtemp(join(tmpdir(), "cryonode-bench-")));
    for (const file of components) await copyFile(join(COMPONENTS, file), join(hosts.folder, file));
    const ports = { here: await freePort(), there: await freePort() };
    const keys = { here: await hosts.#key("here"), there: await hosts.#key("there") };
    for (const side of SIDES) {
      const other = otherThan(side);
      const file = `scenario: a bench
hosts:
  ${side}:${ram === undefined ? "" : `\n    ram: ${ram}`}
    peers: [{ name: ${other}, address: "127.0.0.1:${ports[other]}", key: "${keys[other]}" }]
start:
${start(side)}`;
      await writeFile(join(hosts.folder, `${side}.yaml`), file);
      const listen = `127.0.0.1:${ports[side]}`;
      const host = hosts.#spawn("up", `${side}.yaml`, "--state", side, "--listen", listen, "--json");
      hosts.#processes.set(side, host);
      await says(host, /"event":"up"/);
    }
    return hosts;
  }

  #spawn(...args: readonly string[]): ChildProcess {
    const stdio = ["ignore", "pipe", "inherit"] as const;
    return spawn(process.execPath, [PROGRAM, ...args], { cwd: this.folder, stdio: [...stdio] });
  }

  async #key(side: Side): Promise<string> {
    return (await says(this.#spawn("key", "--state", side), /^ed25519:/)).trim();
  }

  /** Resolves with the next line that a host says and that matches. */
  says(side: Side, pattern: RegExp): Promise<string> {
    return says(this.#processes.get(side)!, pattern);
  }

  /** Throws what is refused. */
  async ask(side: Side, asked: Asked): Promise<unknown> {
    const answer = await ask(join(this.folder, side), asked);
    if (E.isLeft(answer)) throw new Error(answer.left.message);
    return answer.right;
  }

  /** Moves a component to the other side; resolves with what the host says of it. */
  migrate(from: Side, name: string): Promise<unknown> {
    const how = { with: [], precopy: true, pause: null, rounds: null };
    return this.ask(from, { command: "migrate", name, to: otherThan(from), ...how });
  }

  async close(): Promise<void> {
    const hosts = [...this.#processes.values()];
    for (const host of hosts) host.kill("SIGKILL");
    await Promise.all(hosts.map((host) => new Promise((resolve) => host.once("close", resolve))));
    await rm(this.folder, { recursive: true, force: true });
  }
}
