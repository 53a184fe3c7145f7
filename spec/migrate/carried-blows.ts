// Three durable hosts, each a process of its own, a client and its server that move among them, and kills at any moment:
// what the client has written down of the answers is in the end what one that never moved would have written.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { E } from "../../lib/fp.ts";
import { ask } from "../../runtime/daemon/control-client.ts";
import { HostReport, type EntryReport } from "../../runtime/daemon/entry-report.ts";
import { withDesk } from "../command/cli.ts";
import { living, type Living } from "../command/living.ts";
import { TALLY } from "../command/tally-hosts.ts";
import { freePorts } from "../free-port.ts";
import { numbers } from "../torture/numbers.ts";

/** A call that were lost, or ran twice, would leave a number out. */
const CLIENT = `import { component, FileSystem, Timer } from "cryonode";
import { Tally } from "./contract.ts";
export default component(async (env) => {
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("sums.txt", { write: true, create: true, append: true });
  const tally = await env.session(Tally);
  for (;;) {
    await file.write((await tally.add(1)) + "\\n");
    await timer.sleep(5);
  }
});
`;

const SIDES = ["east", "south", "west"] as const;
type Side = (typeof SIDES)[number];
const MOVERS = ["client", "server"] as const;
type Mover = (typeof MOVERS)[number];

interface Peers {
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

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

/** It does not come to its end by itself. */
const ENDED: ReadonlySet<string> = new Set(["faulted", "stuck", "exited"]);

/** Longer than any spec that has them, in ms. */
const MOST_MS = 3_600_000;

export interface CarriedBlows {
  readonly count: number;
  readonly seed: number;
  /** What is done instead of the first ones at random. */
  readonly first?: readonly Blow[];
  readonly tell: (text: string) => void;
}

/** Somebody moves, and so many ms later these are killed. */
export interface Blow {
  readonly mover: Mover;
  readonly to: Side;
  readonly killed: readonly Side[];
  readonly after: number;
}

const anyBlow = (random: () => number): Blow => {
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  const killed = SIDES.filter(() => random() < 0.45);
  return { mover: one(MOVERS), to: one(SIDES), killed, after: Math.floor(random() ** 2 * 400) };
};

/** Throws at the first thing that is wrong. */
export const carriedBlows = ({ count, seed, first = [], tell }: CarriedBlows): Promise<void> =>
  withDesk({ ...TALLY, "client.ts": CLIENT }, async (desk) => {
    const hosts = new Map<Side, Living>();
    const ports = await freePorts(SIDES.length);
    const keys = await Promise.all(
      SIDES.map(async (name) => (await desk.cli(["key", "--state", name])).stdout.trim()),
    );
    await desk.write("data/.keep", "");
    for (const side of SIDES) await desk.write(`${side}.yaml`, fileOf(side, { ports, keys }));
    const up = async (side: Side): Promise<void> => {
      const listen = `127.0.0.1:${ports[SIDES.indexOf(side)]}`;
      const args = ["up", `${side}.yaml`, "--state", side, "--listen", listen, "--json"];
      const host = living(desk.folder, args, MOST_MS);
      hosts.set(side, host);
      await host.tells({ event: "up" });
    };
    const kill = async (side: Side): Promise<void> => {
      hosts.get(side)!.signal("SIGKILL");
      await hosts.get(side)!.ended;
    };
    const entries = async (side: Side): Promise<readonly EntryReport[] | null> => {
      const answer = await ask(join(desk.folder, side), { command: "ps" }, { within: 2000 });
      const report = E.isLeft(answer) ? null : HostReport.decode(answer.right);
      return report === null || E.isLeft(report) ? null : report.right.entries;
    };
    /** Where each of the two runs, once nobody is in doubt any more. */
    const settled = async (): Promise<Readonly<Record<Mover, Side>>> => {
      for (;;) {
        const all = await Promise.all(SIDES.map(entries));
        const homes = MOVERS.map((mover) => {
          const states = all.map((each) => each?.find(({ name }) => name === mover)?.state ?? "");
          const running = SIDES.filter((_, i) => states[i] === "running");
          if (running.length > 1) throw new Error(`${mover} runs on ${running.join(" and ")}`);
          const over = states.find((state) => ENDED.has(state));
          if (over !== undefined) throw new Error(`${mover} has ${over}: ${JSON.stringify(all)}`);
          return states.includes("in doubt") || all.includes(null) ? undefined : running[0];
        });
        const [client, server] = homes;
        if (client !== undefined && server !== undefined) return { client, server };
        await soon();
      }
    };
    const lines = async (): Promise<readonly string[]> =>
      (await readFile(join(desk.folder, "data/sums.txt"), "utf8").catch(() => "")).split("\n").slice(0, -1);
    const goesOn = async (): Promise<void> => {
      const before = (await lines()).length;
      let now = await lines();
      for (; now.length < before + 3; now = await lines()) await soon();
      const wrong = now.findIndex((line, i) => line !== `${i + 1}`);
      if (wrong >= 0) throw new Error(`answer ${wrong + 1} of ${now.length} is ${now[wrong]}`);
    };
    try {
      await Promise.all(SIDES.map(up));
      await goesOn();
      const random = numbers(seed);
      let [kills, moves] = [0, 0];
      for (let n = 0; n < count; n++) {
        const blow = first[n] ?? anyBlow(random);
        const { mover, to, killed, after } = blow;
        const before = await settled();
        const asked = { command: "migrate", name: mover, with: [], to } as const;
        const how = { precopy: true, pause: null, rounds: null };
        const moving =
          before[mover] === to ? null : ask(join(desk.folder, before[mover]), { ...asked, ...how, with: [] });
        const what = `${mover} from ${before[mover]} to ${to}, after ${after} ms kill -9 of ${killed.join(", ") || "none"}`;
        const late = setTimeout(() => tell(`it takes long to settle: ${what}`), 60_000);
        await new Promise((resolve) => setTimeout(resolve, after));
        await Promise.all(killed.map(kill));
        kills += killed.length;
        await moving;
        await Promise.all(killed.map(up));
        const home = await settled();
        await goesOn();
        clearTimeout(late);
        if (home[mover] !== before[mover]) moves++;
        tell(`${n + 1} of ${count}, ${what}: client on ${home.client}, server on ${home.server}`);
      }
      tell(`${kills} kills, ${moves} moves, ${(await lines()).length} calls, each once`);
    } finally {
      for (const host of hosts.values()) host.signal("SIGKILL");
      await Promise.all([...hosts.values()].map(({ ended }) => ended));
    }
  });
