// Uses the bundled command a little, as a build does, so that what the engine compiles of it is kept beside it: a child
// begins under a durable host, is brought back after a crash and asked about, and is frozen and revived in a scenario.
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const COMPONENT = `import { component, FileSystem, Log, Timer } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; n <= 1000; n++) {
    await file.write(\`\${n}\\n\`);
    await log.write(\`count \${n}\`);
    await timer.sleep(20);
  }
});
`;

const HOST = `scenario: a little of everything
hosts:
  here:
    files:
      data: { directory: ./data, rights: [read, write, create] }
start:
  counter:
    component: counter.ts
    routes:
      - { service: LOG }
      - { service: Timer }
      - { service: File_system, label: data, to: data }
`;

const STEPS = `steps:
  - until: { child: counter, log: count 3 }
  - freeze: { child: counter, image: counter.cryo }
  - revive: { image: counter.cryo }
  - until: { child: counter, log: count 5 }
  - kill: { child: counter }
`;

const FILES = { "counter.ts": COMPONENT, "host.yaml": HOST, "scenario.yaml": `${HOST}${STEPS}` };

/** How long all of it may take, in ms. */
const MOST_MS = 60_000;
const POLL_MS = 20;

class Trial {
  readonly #program: string;
  readonly #folder: string;
  readonly #signal = AbortSignal.timeout(MOST_MS);
  readonly #begun: ChildProcess[] = [];

  constructor(program: string, folder: string) {
    this.#program = program;
    this.#folder = folder;
  }

  begin(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const child = spawn(process.execPath, [this.#program, ...args], {
      cwd: this.#folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#begun.push(child);
    return child;
  }

  async ended(child: ChildProcess): Promise<void> {
    if (child.exitCode === null && child.signalCode === null)
      await once(child, "exit", { signal: this.#signal });
  }

  /** Until it has said so. */
  async said(child: ChildProcess, text: string): Promise<void> {
    let all = "";
    child.stdout!.on("data", (part: Buffer) => {
      all += part.toString();
    });
    await this.until(() => all.includes(text));
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      this.#signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  end(): void {
    for (const child of this.#begun) child.kill("SIGKILL");
  }
}

const use = async (trial: Trial, program: string): Promise<void> => {
  const up = ["up", "host.yaml", "--state", "state"];
  const first = trial.begin(up, { CRYONODE_CODE_CACHE: "off" });
  await trial.said(first, "count 3");
  first.kill("SIGKILL");
  await trial.ended(first);
  const again = trial.begin(up);
  await trial.said(again, "revived");
  await trial.ended(trial.begin(["ps", "--state", "state"]));
  const shards = join(dirname(program), "../shard/code");
  await trial.until(
    () => existsSync(shards) && readdirSync(shards).some((name) => name.startsWith("shard.cjs.shard.")),
  );
  again.kill("SIGTERM");
  await trial.ended(again);
  await trial.ended(trial.begin(["run", "scenario.yaml", "--state", "other"]));
};

/** `program`: the bundled command's entry. What goes wrong is said and no more: without it, commands start later. */
export const keepCode = async (program: string): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "cryonode-build-"));
  const trial = new Trial(program, folder);
  try {
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
    await use(trial, program);
  } catch (error) {
    process.stderr.write(`compiled code is not kept, so commands start more slowly: ${String(error)}\n`);
  } finally {
    trial.end();
    rmSync(folder, { recursive: true, force: true });
  }
};
