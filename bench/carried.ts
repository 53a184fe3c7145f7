// A call that is carried between two durable hosts over loopback, against the same call between two children of one of them.
import { spawn, type ChildProcess } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { E } from "../lib/fp.ts";
import { ask, type Asked } from "../runtime/daemon/control-client.ts";
import type { Bench } from "./bench.ts";
import { sideBySide } from "./side-by-side.ts";

const PROGRAM = fileURLToPath(new URL("../bin/command/main.js", import.meta.url));
const COMPONENTS = fileURLToPath(new URL("../../bench/component/", import.meta.url));
/** Calls of one measurement. */
const CALLS = 200;

const SIDES = ["here", "there"] as const;
type Side = (typeof SIDES)[number];

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

/** Resolves with the first line of its output that matches. */
const says = (child: ChildProcess, pattern: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    let said = "";
    child.stdout!.on("data", (data: Buffer) => {
      said += data.toString();
      const line = said.split("\n").find((each) => pattern.test(each));
      if (line !== undefined) resolve(line);
    });
    child.once("exit", () => reject(new Error(`it ended without ${pattern}: ${said}`)));
  });

const caller = (name: string, later: boolean): string => `  ${name}:
    component: ./driven.ts
    later: ${later}
    routes: [{ service: LOG }, { service: Timer }, { service: Adder, to: { child: server } }]
`;

const fileOf = (side: Side, other: Side, port: number, key: string): string => `scenario: a bench
hosts:
  ${side}:
    peers: [{ name: ${other}, address: "127.0.0.1:${port}", key: "${key}" }]
start:
  server: { component: ./server.ts, later: ${side === "there"} }
${caller("near", side === "there")}${caller("far", side === "there")}`;

const name = "calls to a child on another host, one at a time";

const run = async (rounds: number): ReturnType<Bench["run"]> => {
  const folder = await mkdtemp(join(tmpdir(), "cryonode-bench-"));
  const program = (...args: readonly string[]): ChildProcess =>
    spawn(process.execPath, [PROGRAM, ...args], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  for (const file of ["contract.ts", "server.ts", "driven.ts"])
    await copyFile(join(COMPONENTS, file), join(folder, file));
  const ports = [await freePort(), await freePort()];
  const hosts: ChildProcess[] = [];
  const tell = async (side: Side, asked: Asked): Promise<unknown> => {
    const answer = await ask(join(folder, side), asked);
    if (E.isLeft(answer)) throw new Error(answer.left.message);
    return answer.right;
  };
  const drive = async (side: Side, child: string): Promise<number> => {
    const call = { service: "Drive", label: "", method: "run", args: [CALLS], within: null };
    return Number(await tell(side, { command: "call", name: child, ...call }));
  };
  try {
    for (const [at, side] of SIDES.entries()) {
      const other = SIDES[1 - at]!;
      const key = (await says(program("key", "--state", other), /^ed25519:/)).trim();
      await writeFile(join(folder, `${side}.yaml`), fileOf(side, other, ports[1 - at]!, key));
    }
    for (const [at, side] of SIDES.entries()) {
      const listen = `127.0.0.1:${ports[at]}`;
      hosts.push(program("up", `${side}.yaml`, "--state", side, "--listen", listen, "--json"));
      await says(hosts[at]!, /"event":"up"/);
    }
    await drive("here", "far");
    const how = { with: [], precopy: true, pause: null, rounds: null };
    await tell("here", { command: "migrate", name: "far", to: "there", ...how });
    return await sideBySide({
      ...{ name, unit: "calls/s", against: "a child of the same host", target: null, rounds },
      ours: () => drive("there", "far"),
      theirs: () => drive("here", "near"),
    });
  } finally {
    for (const host of hosts) host.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  }
};

export const carriedBench: Bench = { name, run: ({ rounds }) => run(rounds) };
