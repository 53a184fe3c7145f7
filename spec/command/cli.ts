// The command line as its users meet it: the compiled program in a process of its own, in a folder of its own.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("../../bin/command/main.js", import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What it said with `--json`. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Sends SIGINT once its output holds this. */
  readonly interruptAt?: string;
}

/** A folder with files in it, and the program run there. */
export interface Desk {
  readonly folder: string;
  cli(args: readonly string[], options?: CliOptions): Promise<Ran>;
  write(path: string, content: string | Uint8Array): Promise<void>;
}

const ran = (folder: string, args: readonly string[], { env = {}, interruptAt }: CliOptions): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    let interrupted = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      if (interruptAt === undefined || interrupted || !stdout.includes(interruptAt)) return;
      interrupted = true;
      child.kill("SIGINT");
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", reject);
    child.once("close", (status) => {
      const lines = args.includes("--json") ? stdout.split("\n").filter((line) => line !== "") : [];
      resolve({
        status,
        stdout,
        stderr,
        events: lines.map((line) => JSON.parse(line) as Ran["events"][number]),
      });
    });
  });

/** Makes a folder with these files, and drops it after `use`. */
export const withDesk = async (
  files: Readonly<Record<string, string>>,
  use: (desk: Desk) => Promise<void>,
): Promise<void> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "cryonode-cli-")));
  const desk: Desk = {
    folder,
    cli: (args, options = {}) => ran(folder, args, options),
    async write(path, content) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    },
  };
  try {
    for (const [path, text] of Object.entries(files)) await desk.write(path, text);
    await use(desk);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** The component that the documentation begins with. */
export const COUNTER = `import { component, FileSystem, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; n <= 10; n++) {
    await file.write(\`\${n}\\n\`);
    await log.write(\`count \${n}\`);
    await timer.sleep(100);
  }
});
`;

/** The scenario beside it, with a gate of TCP that nobody opens. */
export const SCENARIO = `scenario: a counter survives being frozen
hosts:                      # optional; without it one host, named here
  here:
    ram: 64M
    caps: 1000
    files:
      data: { directory: ./data, rights: [read, write, create] }   # or { memory: true, ... }
    gates:
      line: { queue: true, rights: [send, receive] }               # or { tcp: "127.0.0.1:7000", framing: line }
    roms:
      banner: { text: hello }                                      # or { file: path } or { json: ... }
start:
  counter:
    component: ../components/counter.ts
    on: here                # default: the first host
    ram: 8M
    caps: 100
    config: { upTo: 10 }
    routes:                 # first match wins; no match is a denial
      - { service: LOG }
      - { service: Timer }
      - { service: File_system, label: data, to: data }
steps:
  - until: { child: counter, log: "count 3", within: 10s }
  - freeze: { child: counter, image: counter.cryo }
  - revive: { image: counter.cryo }
  - until: { child: counter, exit: 0, within: 10s }
  - expect: { file: data/count.txt, lines: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"] }
  - expect: { log: counter, lines: ["count 1", "count 2", "..."] }
`;

/** Both, where they belong. */
export const PROJECT = { "components/counter.ts": COUNTER, "scenarios/counter.yaml": SCENARIO };

/** A text with one passage changed. The passage must be there, and once. */
export const changed = (text: string, from: string, to: string): string => {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${from} stands ${parts.length - 1} times in the text`);
  return parts.join(to);
};
