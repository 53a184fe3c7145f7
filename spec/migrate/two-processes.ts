// Two durable hosts, each a process with a state directory of its own, a proxy before each, and a component that counts
// into a file that both can reach.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { ask } from "../../runtime/daemon/control-client.ts";
import { HostReport } from "../../runtime/daemon/entry-report.ts";
import { withDesk, type Desk, type Ran } from "../command/cli.ts";
import { living, type Living, type Preload } from "../command/living.ts";
import { freePort } from "../free-port.ts";
import type { StepOrder } from "../torture/step.ts";
import { tlsProxy, type TlsProxy } from "./tls-proxy.ts";
import { soon } from "./soon.ts";

const COUNTER = `import { component, FileSystem, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; ; n++) {
    await file.write(n + "\\n");
    await log.write("count " + n);
    await timer.sleep(10);
  }
});
`;

/** What there is beside the counter's file. */
export interface World {
  /** The component that moves, `counter`; it counts into `count.txt`. */
  readonly component?: string;
  /** Other files that are there, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What a host has beside `data`, in lines of YAML; and what the counter's routes are beside the usual. */
  readonly providers?: (side: Side) => string;
  readonly routes?: string;
  /** Other entries of a host, in lines of YAML. */
  readonly entries?: (side: Side) => string;
  /** What is said of its peer beside name, address and key. */
  readonly peer?: string;
}

const configOf = (
  name: Side,
  peer: string,
  port: number,
  key: string,
  { providers, routes = "", entries, peer: more = "" }: World,
): string => `scenario: a host
hosts:
  ${name}:
    files:
      data: { directory: ./data }
${providers?.(name) ?? ""}    epochs: ./epochs
    peers:
      - { name: ${peer}, address: "127.0.0.1:${port}", key: "${key}"${more} }
    trust: ["${key}"]
start:
  counter:
    component: ./counter.ts
    later: ${name === "there"}
    routes:
      - { service: LOG }
      - { service: Timer }
      - { service: File_system, label: data, to: data }
${routes}${entries?.(name) ?? ""}`;

export type Side = "here" | "there";
export const otherSide = (side: Side): Side => (side === "here" ? "there" : "here");

export interface TwoProcesses extends Desk {
  /** Leads to the host of this side. */
  readonly proxies: Readonly<Record<Side, TlsProxy>>;
  /** `kill -9`; resolves when it has ended. */
  kill(side: Side): Promise<void>;
  /** Starts it again; resolves when it is up. With an order it is watched, and may end before that: then at once. */
  again(side: Side, order?: Pick<StepOrder, "kill" | "armed">): Promise<void>;
  /** Whether its process has ended. */
  isOver(side: Side): boolean;
  /** Moves the counter away from there. */
  migrate(from: Side, ...more: readonly string[]): Promise<Ran>;
  /** The same without a process of the command line; `told` hears each phase. */
  moves(from: Side, precopy: boolean, told?: () => void): Promise<void>;
  /** What \`ps\` says of the counter there; null where nobody answers. */
  state(side: Side): Promise<string | null>;
  /** Resolves when `ps` says this of the counter there. */
  comesTo(side: Side, state: string): Promise<void>;
  /** Where it runs, once nobody is in doubt any more. */
  settled(): Promise<Side>;
  /** It goes on counting, and what it has written is what one that never moved would have. */
  goesOn(): Promise<void>;
}

const WATCH = fileURLToPath(new URL("../torture/watch-steps.js", import.meta.url));

const watched = (folder: string, side: Side, order: Pick<StepOrder, "kill" | "armed">): Preload => {
  const whole: StepOrder = { state: join(folder, side), world: join(folder, "data"), ports: [], ...order };
  return { node: ["--import", WATCH], env: { CRYONODE_STEPS: JSON.stringify(whole) } };
};

/** It does not come to its end by itself. */
const ENDED: ReadonlySet<string> = new Set(["faulted", "stuck", "exited"]);

/** Longer than any spec that has them. */
const MOST_MS = 600_000;

/** A body for `it`. The counter runs here. */
export const onTwoProcesses =
  (play: (two: TwoProcesses) => Promise<void>, world: World = {}) =>
  (): Promise<void> =>
    withDesk({ "counter.ts": world.component ?? COUNTER, ...world.files }, async (desk) => {
      const ports: Record<Side, number> = { here: await freePort(), there: await freePort() };
      const proxies = { here: await tlsProxy(() => ports.here), there: await tlsProxy(() => ports.there) };
      const hosts: Partial<Record<Side, Living>> = {};
      const over = new Set<Living>();
      const up = async (side: Side, order?: Pick<StepOrder, "kill" | "armed">): Promise<void> => {
        const listen = `127.0.0.1:${ports[side]}`;
        const host = living(
          desk.folder,
          ["up", `${side}.yaml`, "--state", side, "--listen", listen, "--json"],
          MOST_MS,
          order === undefined ? undefined : watched(desk.folder, side, order),
        );
        hosts[side] = host;
        over.delete(host);
        void host.ended.then(() => over.add(host));
        const isUp = host.tells({ event: "up" });
        // It is killed on its way up.
        await (order === undefined ? isUp : isUp.catch(() => host.ended));
      };
      const state = async (side: Side): Promise<string | null> => {
        const answer = await ask(join(desk.folder, side), { command: "ps" }, { within: 2000 });
        if (E.isLeft(answer)) return null;
        const report = HostReport.decode(answer.right);
        return E.isRight(report)
          ? (report.right.entries.find(({ name }) => name === "counter")?.state ?? null)
          : null;
      };
      const lines = async (): Promise<readonly string[]> =>
        (await readFile(join(desk.folder, "data/count.txt"), "utf8").catch(() => ""))
          .split("\n")
          .slice(0, -1);
      const why = async (side: Side): Promise<string> => {
        const { stdout } = await desk.cli(["ps", "--state", side]);
        return `the counter has ended ${side}:\n${stdout}`;
      };
      try {
        for (const side of ["here", "there"] as const) {
          const other = otherSide(side);
          const key = (await desk.cli(["key", "--state", other])).stdout.trim();
          await desk.write(`${side}.yaml`, configOf(side, other, proxies[other].port, key, world));
        }
        await Promise.all([up("here"), up("there")]);
        await play({
          ...desk,
          proxies,
          state,
          kill: async (side) => {
            hosts[side]!.signal("SIGKILL");
            await hosts[side]!.ended;
          },
          again: up,
          isOver: (side) => over.has(hosts[side]!),
          async moves(from, precopy, told = () => {}) {
            const asked = { command: "migrate", name: "counter", with: [], to: otherSide(from) } as const;
            const how = { precopy, pause: null, rounds: null };
            await ask(join(desk.folder, from), { ...asked, ...how, with: [] }, { told });
          },
          async comesTo(side, wanted) {
            while ((await state(side)) !== wanted) await soon();
          },
          migrate: (from, ...more) =>
            desk.cli(["migrate", "counter", "--to", otherSide(from), "--state", from, "--json", ...more]),
          async settled() {
            for (;;) {
              const [here, there] = [await state("here"), await state("there")];
              const running = [here, there].filter((each) => each === "running").length;
              expect(running, "incarnations").to.be.at.most(1);
              for (const side of ["here", "there"] as const)
                if (ENDED.has((await state(side)) ?? "")) throw new Error(await why(side));
              if (running === 1 && here !== "in doubt" && there !== "in doubt")
                return here === "running" ? "here" : "there";
              await soon();
            }
          },
          async goesOn() {
            const before = (await lines()).length;
            let now = await lines();
            for (; now.length < before + 3; now = await lines()) await soon();
            expect(now).to.deep.equal(now.map((_, i) => `${i + 1}`));
          },
        });
      } finally {
        for (const host of Object.values(hosts)) host.signal("SIGKILL");
        await Promise.all(Object.values(hosts).map(({ ended }) => ended));
        for (const proxy of Object.values(proxies)) proxy.close();
      }
    });
