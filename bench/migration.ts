// A component moves between two durable hosts over loopback, each a process of its own: how long it stands still, how long
// all of it takes against sending the same bytes through TLS, hashing and writing them, and what a second stay costs.
import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import type { Bench } from "./bench.ts";
import type { Row } from "./row.ts";
import { says } from "./says.ts";
import { median, range } from "./side-by-side.ts";
import { TwoHosts, type Side } from "./two-hosts.ts";

const TLS_SINK = fileURLToPath(new URL("make-tls-sink.js", import.meta.url));
const MB = 1 << 20;
/** It takes some seconds to make such a component, each time. */
const MOST_ROUNDS = 5;

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

const open = (mb: number, percent: number): Promise<TwoHosts> =>
  TwoHosts.open({
    components: ["mass.ts"],
    ram: "1G",
    start: () => `  mass:
    component: ./mass.ts
    later: true
    ram: ${mb * 2 + 32}M
    config: { mb: ${mb}, percent: ${percent} }
    routes: [{ service: LOG }, { service: Timer }]
`,
  });

/** Starts the component anew, and has it ready. */
const start = async (hosts: TwoHosts): Promise<void> => {
  const ready = hosts.says("here", /"text":"ready"/);
  await hosts.ask("here", { command: "start", name: "mass" });
  await ready;
};

const move = async (hosts: TwoHosts, from: Side): Promise<Moved> =>
  (await hosts.migrate(from, "mass")) as Moved;

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
  const hosts = await open(mb, percent);
  const plain = await Plain.open(hosts.folder, mb * MB);
  const figures = {
    pause: [] as number[],
    total: [] as number[],
    plain: [] as number[],
    again: [] as number[],
  };
  try {
    // The first one compiles code and loads what makes certificates.
    for (let round = -1; round < rounds; round++) {
      await start(hosts);
      const first = await move(hosts, "here");
      const back = await move(hosts, "there");
      const sent = await plain.send();
      await hosts.ask("here", { command: "kill", name: "mass" });
      if (round < 0) continue;
      figures.pause.push(first.pauseMs);
      figures.total.push(first.totalMs);
      figures.again.push(back.bytes);
      figures.plain.push(sent);
    }
    return figures;
  } finally {
    plain.close();
    await hosts.close();
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
