// Three durable hosts, each a process of its own, a proxy for each way between two of them, and a client and its server that
// may live on any: where they are, and that the client has written down each answer once.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { E, type Either } from "../../lib/fp.ts";
import { ask } from "../../runtime/daemon/control-client.ts";
import type { Refusal } from "../../runtime/daemon/control-protocol.ts";
import { HostReport, type EntryReport } from "../../runtime/daemon/entry-report.ts";
import { withDesk } from "../command/cli.ts";
import { living, type Living } from "../command/living.ts";
import { TALLY } from "../command/tally-hosts.ts";
import { freePorts } from "../free-port.ts";
import { ownDisk, type Patient } from "./ills.ts";
import { tlsProxy, type TlsProxy } from "./tls-proxy.ts";
import { soon } from "./soon.ts";

/** A call that were lost, or ran twice, would leave a number out. */
const CLIENT = `import { component, FileSystem, Timer } from "cryonode";
import { Tally } from "./contract.ts";
export default component(async (env) => {
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("sums.txt", { write: true, create: true, append: true });
  const tally = await env.session(Tally);
  for (;;) {
    const sum = await tally.add(1);
    // Its disk may be full for a while, and a part of what it wrote in the file.
    const { size } = await file.stat();
    const isDone = (did) => did.then(() => true, () => false);
    while (!(await isDone(file.write(sum + "\\n"))))
      do await timer.sleep(50);
      while (!(await isDone(file.truncate(size))));
    await timer.sleep(5);
  }
});
`;

export const SIDES = ["east", "south", "west"] as const;
export type Side = (typeof SIDES)[number];
export const MOVERS = ["client", "server"] as const;
export type Mover = (typeof MOVERS)[number];

interface Peers {
  /** Where it reaches each of them. */
  readonly ports: readonly number[];
  readonly keys: readonly string[];
}

const fileOf = (name: Side, { ports, keys }: Peers): string => {
  const peer = (each: Side, i: number): string =>
    each === name ? "" : `      - { name: ${each}, address: "127.0.0.1:${ports[i]}", key: "${keys[i]}" }\n`;
  const later = name === "east" ? "" : "\n    later: true";
  return `scenario: ${name}
hosts:
  ${name}:
    files:
      data: { directory: ./data }
    epochs: ./epochs
    peers:
${SIDES.map(peer).join("")}start:
  server:
    component: ./server.ts${later}
  client:
    component: ./client.ts${later}
    routes:
      - { service: Timer }
      - { service: File_system, label: data, to: data }
      - { service: Tally, to: { child: server } }
`;
};

/** It does not come to its end by itself. */
const ENDED: ReadonlySet<string> = new Set(["faulted", "stuck", "exited"]);
/** What whoever runs the host brings back by hand. */
const LYING: ReadonlySet<string> = new Set(["frozen", "stuck"]);

/** Longer than any spec that has them, in ms. */
const MOST_MS = 3_600_000;
/** Of a host that is to be full now and then. */
const DISK_BYTES = 48 << 20;
const SKEWED = fileURLToPath(new URL("../torture/skewed-clock.js", import.meta.url));

export interface Ailing {
  /** Each has a disk of its own, which takes root. */
  readonly disks: boolean;
  /** Whoever lies frozen, or is stuck, is revived: something ails the hosts that may bring that about. */
  readonly nursed: boolean;
  readonly tell: (text: string) => void;
}

export interface ThreeProcesses {
  kill(side: Side): Promise<void>;
  /** Resolves when it is up; rejects when it ended before. `skew`: how far its clock is ahead, in ms. */
  up(side: Side, skew?: number): Promise<void>;
  /** Moves somebody; `told` hears each phase. */
  move(mover: Mover, from: Side, to: Side, told: () => void): Promise<Either<Refusal, unknown>>;
  /** Where each of the two runs, once nobody is in doubt any more. */
  settled(): Promise<Readonly<Record<Mover, Side>>>;
  /** The client hears more answers, and has each once. */
  goesOn(): Promise<void>;
  /** What an ill is given of a host. */
  patient(side: Side): Patient;
  /** What all of them say. */
  report(): Promise<string>;
  /** Answers so far, and how often somebody was revived by hand. */
  counts(): Promise<{ readonly answers: number; readonly nursed: number }>;
}

export const onThreeProcesses = (
  { disks, nursed, tell }: Ailing,
  play: (three: ThreeProcesses) => Promise<void>,
): Promise<void> =>
  withDesk({ ...TALLY, "client.ts": CLIENT }, async (desk) => {
    const hosts = new Map<Side, Living>();
    const proxies = new Map<string, TlsProxy>();
    const ports = await freePorts(SIDES.length);
    const stateOf = (side: Side): string => join(desk.folder, side);
    const data = join(desk.folder, "data");
    const unmounts = disks ? [data, ...SIDES.map(stateOf)].map((path) => ownDisk(path, DISK_BYTES)) : [];
    const killed = new Set<Living>();
    let broken: string | null = null;
    let revived = 0;
    const up = async (side: Side, skew = 0): Promise<void> => {
      const listen = `127.0.0.1:${ports[SIDES.indexOf(side)]}`;
      const args = ["up", `${side}.yaml`, "--state", side, "--listen", listen, "--json"];
      const skewed = { node: ["--import", SKEWED], env: { CRYONODE_SKEW: `${skew}` } };
      const host = living(desk.folder, args, MOST_MS, skew === 0 ? undefined : skewed);
      hosts.set(side, host);
      await host.tells({ event: "up" });
      void host.ended.then((how) => {
        if (killed.has(host)) return;
        broken = `${side} has ended by itself, ${JSON.stringify(how)}:\n${host.stdout().slice(-2000)}\n${host.stderr()}`;
      });
    };
    const entries = async (side: Side): Promise<readonly EntryReport[] | null> => {
      const answer = await ask(stateOf(side), { command: "ps" }, { within: 2000 });
      const report = E.isLeft(answer) ? null : HostReport.decode(answer.right);
      return report === null || E.isLeft(report) ? null : report.right.entries;
    };
    const nurse = async (side: Side, all: readonly EntryReport[]): Promise<void> => {
      for (const { name, state, reason } of all) {
        if (!LYING.has(state)) continue;
        revived++;
        const done = await ask(stateOf(side), { command: "revive", name });
        const how = E.isLeft(done) ? done.left.message : "revived";
        tell(`  ${name} is ${state} on ${side}${reason === null ? "" : `, ${reason}`}: ${how}`);
      }
    };
    const settled = async (): Promise<Readonly<Record<Mover, Side>>> => {
      for (;;) {
        if (broken !== null) throw new Error(broken);
        const all = await Promise.all(SIDES.map(entries));
        if (nursed) await Promise.all(SIDES.map((side, i) => nurse(side, all[i] ?? [])));
        const homes = MOVERS.map((mover) => {
          const states = all.map((each) => each?.find(({ name }) => name === mover)?.state ?? "");
          const running = SIDES.filter((_, i) => states[i] === "running");
          if (running.length > 1) throw new Error(`${mover} runs on ${running.join(" and ")}`);
          const over = states.find((state) => ENDED.has(state) && !(nursed && LYING.has(state)));
          if (over !== undefined) throw new Error(`${mover} has ${over}: ${JSON.stringify(all)}`);
          return states.includes("in doubt") || all.includes(null) ? undefined : running[0];
        });
        const [client, server] = homes;
        if (client !== undefined && server !== undefined) return { client, server };
        await soon();
      }
    };
    const lines = async (): Promise<readonly string[]> =>
      (await readFile(join(data, "sums.txt"), "utf8").catch(() => "")).split("\n").slice(0, -1);
    try {
      const keys = await Promise.all(
        SIDES.map(async (name) => (await desk.cli(["key", "--state", name])).stdout.trim()),
      );
      await desk.write("data/.keep", "");
      for (const side of SIDES) {
        const ways = await Promise.all(ports.map((port) => tlsProxy(() => port)));
        for (const [i, way] of ways.entries()) proxies.set(`${side} ${SIDES[i]}`, way);
        await desk.write(`${side}.yaml`, fileOf(side, { ports: ways.map(({ port }) => port), keys }));
      }
      await Promise.all(SIDES.map((side) => up(side)));
      await play({
        ...{ up, settled },
        async kill(side) {
          const host = hosts.get(side)!;
          killed.add(host);
          host.signal("SIGKILL");
          await host.ended;
        },
        move(mover, from, to, told) {
          const how = { precopy: true, pause: null, rounds: null };
          return ask(stateOf(from), { command: "migrate", name: mover, with: [], to, ...how }, { told });
        },
        async goesOn() {
          const before = (await lines()).length;
          let now = await lines();
          for (; now.length < before + 3; now = await lines()) {
            if (broken !== null) throw new Error(broken);
            await soon();
          }
          const wrong = now.findIndex((line, i) => line !== `${i + 1}`);
          if (wrong >= 0) throw new Error(`answer ${wrong + 1} of ${now.length} is ${now[wrong]}`);
        },
        patient: (side) => ({
          ...{ data, state: stateOf(side), pid: hosts.get(side)!.pid, children: MOVERS },
          proxies: [...proxies].filter(([way]) => way.split(" ").includes(side)).map(([, proxy]) => proxy),
        }),
        async report() {
          const all = await Promise.all(SIDES.map(entries));
          const said = (side: Side): string =>
            `${hosts.get(side)!.stdout().slice(-2500)}\n${hosts.get(side)!.stderr().slice(-2500)}`;
          return SIDES.map((side, i) => `${side}: ${JSON.stringify(all[i])}\n${said(side)}`).join("\n");
        },
        counts: async () => ({ answers: (await lines()).length, nursed: revived }),
      });
    } finally {
      for (const host of hosts.values()) {
        killed.add(host);
        host.signal("SIGKILL");
      }
      await Promise.all([...hosts.values()].map(({ ended }) => ended));
      for (const proxy of proxies.values()) proxy.close();
      for (const unmount of unmounts) unmount();
    }
  });
