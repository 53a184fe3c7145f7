// A durable host in a process of its own, in a folder of its own: what specs of `cryonode up` begin with.
import { withDesk, type Desk, type Ran } from "./cli.ts";
import { living, type Living } from "./living.ts";

/** Counts in a file and in its log; its service does what it is told. */
export const COUNTER = `import * as t from "io-ts";
import { component, FileSystem, Log, method, session, Timer } from "cryonode";
const Counter = session("Counter", {
  add: method({ args: t.tuple([t.number, t.number]), result: t.number }),
  fail: method({ args: t.tuple([t.string]), result: t.void }),
  slow: method({ args: t.tuple([t.number]), result: t.number }),
  fall: method({ args: t.tuple([t.string]), result: t.void }),
  spin: method({ args: t.tuple([]), result: t.void }),
});
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const { upTo = Infinity, file: name = "count.txt" } = (await env.config()) as { upTo?: number; file?: string };
  await env.announce(Counter, () => ({
    add: async (a: number, b: number) => a + b,
    fail: async (why: string) => { throw new RangeError(why); },
    slow: async (ms: number) => { await log.write("slow"); await timer.sleep(ms); return ms; },
    fall: async (why: string) => { setTimeout(() => { throw new TypeError(why); }, 0); },
    spin: async () => { for (;;); },
  }));
  const file = await data.open(name, { write: true, create: true, append: true });
  for (let n = 1; n <= upTo; n++) {
    await file.write(\`\${n}\\n\`);
    await log.write(\`count \${n}\`);
    await timer.sleep(20);
  }
  env.exit(3);
});
`;

const ROUTES = `
      - { service: LOG }
      - { service: Timer }
      - { service: File_system, label: data, to: data }`;

/** A host with a child that runs, one that exits, and one that waits. */
export const HOST = `scenario: a host
hosts:
  here:
    files:
      data: { directory: ./data }
start:
  counter:
    component: ./counter.ts
    routes:${ROUTES}
  short:
    component: ./counter.ts
    config: { upTo: 3, file: short.txt }
    routes:${ROUTES}
  later:
    component: ./counter.ts
    later: true
    config: { file: later.txt }
    routes:${ROUTES}
`;

export interface Stage extends Desk {
  /** Starts a host in the desk's folder; it is killed when the spec is over. */
  readonly up: (...more: readonly string[]) => Living;
  readonly json: (...args: readonly string[]) => Promise<Ran>;
  /** What `ps` tells of a child. */
  readonly child: (name: string) => Promise<Readonly<Record<string, unknown>>>;
}

/** A body for `it`. */
export const onHost = (play: (stage: Stage) => Promise<void>) => (): Promise<void> =>
  withDesk({ "counter.ts": COUNTER, "host.yaml": HOST }, async (desk) => {
    const hosts: Living[] = [];
    const json = (...args: readonly string[]) => desk.cli([...args, "--json"]);
    try {
      await play({
        ...desk,
        json,
        up: (...more) => {
          const host = living(desk.folder, ["up", "host.yaml", "--json", ...more]);
          hosts.push(host);
          return host;
        },
        child: async (name) => {
          const { events, stderr } = await json("ps");
          const found = events.find(({ child }) => child === name);
          if (found === undefined) throw new Error(`ps does not tell of ${name}: ${stderr}`);
          return found;
        },
      });
    } finally {
      for (const host of hosts) host.signal("SIGKILL");
      await Promise.all(hosts.map(({ ended }) => ended));
    }
  });
