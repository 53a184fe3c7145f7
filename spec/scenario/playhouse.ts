// Runs scenarios in this process, for specs: components and files in a folder of its own, one runtime for all.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { E } from "../../lib/fp.ts";
import { renderDiagnostic } from "../../runtime/diagnostic.ts";
import { warmRuntime, type Runtime } from "../../runtime/host/runtime.ts";
import { compileStart } from "../../runtime/scenario/compile-start.ts";
import { readScenario } from "../../runtime/scenario/read-scenario.ts";
import type { RunEvent, Verdict } from "../../runtime/scenario/run-event.ts";
import { runScenario } from "../../runtime/scenario/run-scenario.ts";

/** Counts as fast as it can: between two entries there is nothing that would let anybody step in. */
const COUNTER = `
import { component, FileSystem, Log } from "cryonode";
export default component(async (env) => {
  const { upTo = 1000 } = await env.config<{ upTo?: number }>();
  const log = await env.session(Log);
  const data = await env.session(FileSystem, { label: "data" });
  const file = await data.open("count.txt", { write: true, create: true, append: true });
  for (let n = 1; n <= upTo; n++) {
    await file.write(\`\${n}\\n\`);
    await log.write(\`count \${n}\`);
  }
});`;

/** Says what it is sent, until it hears "end". */
const LISTENER = `
import { component, Gate, Log } from "cryonode";
export default component(async (env) => {
  const log = await env.session(Log);
  const gate = await env.session(Gate, { label: "line" });
  await log.write("listening");
  for (;;) {
    const heard = String(await gate.receive());
    await log.write("heard " + heard);
    if (heard === "end") return;
    await gate.send("got " + heard);
  }
});`;

export interface Played {
  readonly verdict: Verdict;
  readonly events: readonly RunEvent[];
  /** What a child wrote to its log. */
  log(child: string): readonly string[];
}

export class Playhouse {
  readonly folder: string;
  readonly runtime: Runtime;

  private constructor(folder: string, runtime: Runtime) {
    this.folder = folder;
    this.runtime = runtime;
  }

  static async open(): Promise<Playhouse> {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-play-"));
    const runtime = await warmRuntime().on(join(folder, "state"));
    if (E.isLeft(runtime)) throw new Error(JSON.stringify(runtime.left));
    return new Playhouse(folder, runtime.right);
  }

  async close(): Promise<void> {
    await this.runtime.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.folder, path)), { recursive: true });
    await writeFile(join(this.folder, path), text);
  }

  /** Runs a scenario's text. `told` hears of everything as it happens. */
  async play(
    text: string,
    told: (event: RunEvent) => void = () => {},
    signal?: AbortSignal,
  ): Promise<Played> {
    await this.write("counter.ts", COUNTER);
    await this.write("listener.ts", LISTENER);
    await this.write("play.yaml", text);
    const read = await readScenario(join(this.folder, "play.yaml"));
    if (E.isLeft(read)) throw new Error(read.left.map(renderDiagnostic).join("\n"));
    const compiled = await compileStart(read.right);
    if (E.isLeft(compiled)) throw new Error(compiled.left.map(renderDiagnostic).join("\n"));
    const events: RunEvent[] = [];
    const ran = await runScenario({
      scenario: read.right,
      compiled: compiled.right,
      runtime: this.runtime,
      report: (event) => {
        events.push(event);
        told(event);
      },
      ...(signal === undefined ? {} : { signal }),
    });
    if (E.isLeft(ran)) throw new Error(renderDiagnostic(ran.left));
    const log = (child: string): readonly string[] =>
      events.flatMap((event) => (event.event === "log" && event.child === child ? [event.text] : []));
    return { verdict: ran.right, events, log };
  }
}

const ROUTES = `[{ service: LOG }, { service: Timer }, { service: File_system }, { service: Gate }, { service: ROM }]`;

/** A scenario with a host of everything and these children and steps. */
export const scenarioOf = (start: string, steps: string): string => `scenario: a play
hosts:
  here:
    files: { data: { memory: true } }
    gates: { line: { queue: true } }
    roms: { banner: { text: hello } }
start:
${start.replaceAll("ROUTES", ROUTES)}
steps:
${steps}
`;
