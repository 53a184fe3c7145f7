// A component moves between two durable hosts over loopback, each a process of its own: how long it stands still, how long
// all of it takes against sending the same bytes through TLS, hashing and writing them, and what a second stay costs.
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { fdatasyncSync, openSync, writeSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { E } from "../lib/fp.ts";
import { ask, type Asked } from "../runtime/daemon/control-client.ts";
import type { Bench } from "./bench.ts";
import type { Row } from "./row.ts";
import { median, range } from "./side-by-side.ts";

const PROGRAM = fileURLToPath(new URL("../bin/command/main.js", import.meta.url));
const TLS_SINK = fileURLToPath(new URL("make-tls-sink.js", import.meta.url));
const COMPONENT = fileURLToPath(new URL("../../bench/component/mass.ts", import.meta.url));
const MB = 1 << 20;
/** It takes some seconds to make such a component, each time. */
const MOST_ROUNDS = 5;

type Side = "here" | "there";

interface Moved {
  readonly pauseMs: number;
  readonly totalMs: number;
  readonly bytes: number;
}

interface Figures {
  readonly pause: readonly number[];
  readonly total: readonly number[];
  readonly plain: readonly number[];
  /** Bytes of the second stay. */
  readonly again: readonly number[];
}

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

/** Two hosts with an entry for each of these components. */
class Pair {
  readonly folder: string;
  readonly #hosts: ChildProcess[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(mb: number, percent: number): Promise<Pair> {
    const pair = new Pair(await mkdtemp(join(tmpdir(), "cryonode-bench-")));
    await copyFile(COMPONENT, join(pair.folder, "mass.ts"));
    const ports = { here: await freePort(), there: await freePort() };
    const keys = { here: await pair.#key("here"), there: await pair.#key("there") };
    for (const [side, other] of [
      ["here", "there"],
      ["there", "here"],
    ] as const) {
      const host = `scenario: a bench
hosts:
  ${side}:
    ram: 1G
    peers: [{ name: ${other}, address: "127.0.0.1:${ports[other]}", key: "${keys[other]}" }]
start:
  mass:
    component: ./mass.ts
    later: true
    ram: ${mb * 2 + 32}M
    config: { mb: ${mb}, percent: ${percent} }
    routes: [{ service: LOG }, { service: Timer }]
`;
      await writeFile(join(pair.folder, `${side}.yaml`), host);
      const args = ["up", `${side}.yaml`, "--state", side, "--listen", `127.0.0.1:${ports[side]}`, "--json"];
      const child = spawn(process.execPath, [PROGRAM, ...args], {
        cwd: pair.folder,
        stdio: ["ignore", "pipe", "inherit"],
      });
      pair.#hosts.push(child);
      await says(child, /"event":"up"/);
    }
    return pair;
  }

  async #key(side: Side): Promise<string> {
    const child = spawn(process.execPath, [PROGRAM, "key", "--state", side], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "inherit"],
    });
    return (await says(child, /^ed25519:/)).trim();
  }

  async ask(side: Side, asked: Asked): Promise<unknown> {
    const answer = await ask(join(this.folder, side), asked);
    if (E.isLeft(answer)) throw new Error(answer.left.message);
    return answer.right;
  }

  /** Starts the component anew on this side, and has it ready. */
  async start(): Promise<void> {
    const ready = says(this.#hosts[0]!, /"text":"ready"/);
    await this.ask("here", { command: "start", name: "mass" });
    await ready;
    this.#hosts[0]!.stdout!.removeAllListeners("data").resume();
  }

  async move(from: Side): Promise<Moved> {
    const to = from === "here" ? "there" : "here";
    const how = { with: [], precopy: true, pause: null, rounds: null };
    return (await this.ask(from, { command: "migrate", name: "mass", to, ...how })) as Moved;
  }

  async close(): Promise<void> {
    for (const host of this.#hosts) host.kill("SIGKILL");
    await Promise.all(this.#hosts.map((host) => new Promise((resolve) => host.once("close", resolve))));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The same bytes through TLS, hashed and written with one fsync on each side; in ms. */
class Plain {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #file: number;
  readonly #bytes: Buffer;

  private constructor(child: ChildProcess, port: number, folder: string, bytes: number) {
    this.#child = child;
    this.#port = port;
    this.#file = openSync(join(folder, "plain-source"), "w+");
    this.#bytes = randomBytes(bytes);
  }

  static async open(folder: string, bytes: number): Promise<Plain> {
    const child = spawn(process.execPath, [TLS_SINK, join(folder, "plain-sink")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    return new Plain(child, Number(await says(child, /^\d+$/)), folder, bytes);
  }

  send(): Promise<number> {
    const began = performance.now();
    const bytes = this.#bytes;
    createHash("sha256").update(bytes).digest();
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at, bytes.length - at, at);
    fdatasyncSync(this.#file);
    const head = Buffer.alloc(8);
    head.writeBigUInt64LE(BigInt(bytes.length));
    return new Promise((resolve, reject) => {
      const socket = connect({ host: "127.0.0.1", port: this.#port, rejectUnauthorized: false }, () => {
        socket.write(head);
        socket.write(bytes);
      });
      socket.on("data", () => resolve(performance.now() - began));
      socket.on("error", reject);
    });
  }

  close(): void {
    this.#child.kill();
  }
}

const measured = new Map<string, Promise<Figures>>();

const measure = (mb: number, percent: number, rounds: number): Promise<Figures> => {
  const key = `${mb} ${percent}`;
  const known = measured.get(key) ?? run(mb, percent, Math.min(rounds, MOST_ROUNDS));
  measured.set(key, known);
  return known;
};

const run = async (mb: number, percent: number, rounds: number): Promise<Figures> => {
  const pair = await Pair.open(mb, percent);
  const plain = await Plain.open(pair.folder, mb * MB);
  const figures = {
    pause: [] as number[],
    total: [] as number[],
    plain: [] as number[],
    again: [] as number[],
  };
  try {
    // The first one compiles code and loads what makes certificates.
    for (let round = -1; round < rounds; round++) {
      await pair.start();
      const first = await pair.move("here");
      const back = await pair.move("there");
      const sent = await plain.send();
      await pair.ask("here", { command: "kill", name: "mass" });
      if (round < 0) continue;
      figures.pause.push(first.pauseMs);
      figures.total.push(first.totalMs);
      figures.again.push(back.bytes);
      figures.plain.push(sent);
    }
    return figures;
  } finally {
    plain.close();
    await pair.close();
  }
};

const LOADS = [
  [0, "at rest"],
  [1, "1 % changing a second"],
  [10, "10 % changing a second"],
] as const;

const benchesOf = (mb: number, percent: number, load: string): readonly Bench[] => {
  const pause = `migration of ${mb} MB, ${load}: pause`;
  const total = `migration of ${mb} MB, ${load}: all of it`;
  return [
    {
      name: pause,
      async run({ rounds }): Promise<Row> {
        const figures = await measure(mb, percent, rounds);
        const target =
          mb === 64 && percent === 1 ? ({ of: "value", bound: "at most", limit: 25 } as const) : null;
        return {
          ...{ name: pause, value: median(figures.pause), unit: "ms", against: "nothing", reference: null },
          ...{ ratio: null, spread: { value: range(figures.pause), ratio: null }, target },
        };
      },
    },
    {
      name: total,
      async run({ rounds }): Promise<Row> {
        const figures = await measure(mb, percent, rounds);
        const ratios = figures.total.map((each, i) => each / figures.plain[i]!);
        return {
          ...{ name: total, value: median(figures.total), unit: "ms", reference: median(figures.plain) },
          ...{ against: "TLS, SHA-256, write and fsync", ratio: median(ratios) },
          spread: { value: range(figures.total), ratio: range(ratios) },
          target: mb === 64 ? { of: "ratio", bound: "at most", limit: 1.5 } : null,
        };
      },
    },
  ];
};

const againBench = (mb: number): Bench => {
  const name = `migration of ${mb} MB: on the wire for a second stay`;
  return {
    name,
    async run({ rounds }): Promise<Row> {
      const figures = await measure(mb, 1, rounds);
      const kilobytes = figures.again.map((bytes) => bytes / 1000);
      const ratios = figures.again.map((bytes) => bytes / (mb * MB));
      return {
        ...{ name, value: median(kilobytes), unit: "kB", against: "its memory", reference: mb * 1048.576 },
        ratio: median(ratios),
        spread: { value: range(kilobytes), ratio: range(ratios) },
        target: null,
      };
    },
  };
};

export const migrationBenches: readonly Bench[] = [2, 16, 64].flatMap((mb) => [
  ...LOADS.flatMap(([percent, load]) => benchesOf(mb, percent, load)),
  againBench(mb),
]);
