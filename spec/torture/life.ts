// One life of a durable host under torture: `cryonode up` in a process of its own, until it is killed, or all is done.
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cutPower } from "./power-cut.ts";
import type { Step, StepOrder } from "./step.ts";
import { ROOT, type TortureWorld } from "./torture-world.ts";

const COMMAND = join(ROOT, "dist/bin/command/main.js");
const WATCH = fileURLToPath(new URL("watch-steps.js", import.meta.url));

/** Without a patience of its own, in ms: far longer than any step takes that comes at all. */
const PATIENCE_MS = 100_000;
/** How long all may take to come to their ends, in ms. */
const LAST_MS = 240_000;

export interface LifeOptions {
  /** Killed so many ms after its first child has begun, or its last one. */
  readonly killAfter?: number;
  readonly byLast?: boolean;
  /** Or so many ms after it has said this. */
  readonly bySaying?: RegExp;
  readonly kill?: Step;
  /** A step that has not come so long after the first child has begun does not come in this life, and it is killed for
   *  no reason, in ms. */
  readonly patience?: number;
  readonly fail?: StepOrder["fail"];
  /** The machine loses its power when it is killed: what was not synced is on its disk or not, as follows from this
   *  seed. */
  readonly powerCut?: number;
  /** A later life may lose its power, and with it what this one has not synced. */
  readonly traced?: true;
  /** What the machine calls the time since it last had no power. */
  readonly boot?: string;
  /** Commands that are given one after the other as soon as it is up, and then again and again; `NAME ARGUMENT…`. */
  readonly commands?: readonly (readonly string[])[];
  /** Whether it ends when all its components have: else it goes on until it is killed. */
  readonly toTheEnd?: boolean;
}

export interface LifeEnded {
  /** It was stopped in an orderly way, when all was done. */
  readonly done: boolean;
  /** It ended though nobody told it to. */
  readonly failed: boolean;
  /** It came to the step that it was to die at. */
  readonly reached: boolean;
  /** What it said of itself. */
  readonly said: string;
}

const FIRST = /"event":"(?:started|revived)"/;
/** The last one to come back has. */
const lastOf = ({ cast }: TortureWorld): RegExp =>
  new RegExp(`"event":"(?:started|revived)",[^\\n]*"child":"${cast.at(-1)}"`);

/** Gives the host of the world a command; resolves with what came of it. */
const command = (world: TortureWorld, ...words: readonly string[]): Promise<string> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      [COMMAND, ...words, "--state", "state", "--json"],
      { cwd: world.folder },
      (_, stdout, stderr) => resolve(`${stdout}${stderr}`),
    );
  });

/** Brings back whoever a command that was cut off has left frozen. */
const reviveFrozen = async (world: TortureWorld): Promise<void> => {
  for (const line of (await command(world, "ps")).split("\n")) {
    if (!line.includes('"state":"frozen"')) continue;
    const { child } = JSON.parse(line) as { child: string };
    await command(world, "revive", child);
  }
};

/** Runs it until it is no more. */
export const live = (world: TortureWorld, options: LifeOptions): Promise<LifeEnded> =>
  new Promise((resolve) => {
    const {
      killAfter,
      kill = null,
      patience = PATIENCE_MS,
      fail,
      powerCut,
      traced = powerCut !== undefined,
      boot,
      commands = [],
      byLast = false,
      bySaying,
      toTheEnd = false,
    } = options;
    const trace = traced ? join(world.folder, "trace") : undefined;
    const watched = kill !== null || [fail, trace, boot].some((each) => each !== undefined);
    const last = lastOf(world);
    const { state, data, ports } = world;
    const order: StepOrder = { state, world: data, ports, kill, fail, trace, boot };
    const host = spawn(
      process.execPath,
      [...(watched ? ["--import", WATCH] : []), COMMAND, "up", "host.yaml", "--state", "state", "--json"],
      {
        cwd: world.folder,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, CRYONODE_STEPS: JSON.stringify(watched ? order : null) },
      },
    );
    let [said, begun, byUs] = ["", false, false];
    const over = new AbortController();
    const end = (signal: NodeJS.Signals): void => {
      // A second signal would end it at once.
      if (byUs && signal === "SIGTERM") return;
      byUs = true;
      host.kill(signal);
    };
    let timer =
      kill === null && !toTheEnd && bySaying === undefined
        ? null
        : setTimeout(() => void giveUp(), toTheEnd ? LAST_MS : PATIENCE_MS);
    const giveUp = async (): Promise<void> => {
      if (toTheEnd) said += `\nnot done: ${(await world.undone()).join(", ")}\n${await command(world, "ps")}`;
      end("SIGKILL");
    };
    const act = async (): Promise<void> => {
      if (toTheEnd || commands.length > 0) await reviveFrozen(world);
      for (let at = 0; !over.signal.aborted && commands.length > 0; at++)
        await command(world, ...commands[at % commands.length]!);
    };
    const begin = (): void => {
      begun = true;
      if (timer !== null && bySaying !== undefined) clearTimeout(timer);
      if (killAfter !== undefined) timer = setTimeout(() => end("SIGKILL"), killAfter);
      else if (timer !== null && !toTheEnd) {
        clearTimeout(timer);
        timer = setTimeout(() => void giveUp(), patience);
      }
      void act();
    };
    const look = (chunk: Buffer): void => {
      said += chunk.toString();
      if (said.length > 1 << 20) said = said.slice(-(1 << 19));
      if (!begun && (bySaying ?? (byLast ? last : FIRST)).test(said)) begin();
    };
    host.stdout.on("data", look);
    host.stderr.on("data", look);
    let looking = false;
    const watch = setInterval(() => {
      if (!toTheEnd || looking) return;
      looking = true;
      void world.undone().then((undone) => {
        looking = false;
        if (undone.length === 0) end("SIGTERM");
      });
    }, 100);
    host.on("close", (code, signal) => {
      over.abort();
      clearInterval(watch);
      if (timer !== null) clearTimeout(timer);
      const reached = signal === "SIGKILL" && !byUs;
      if (powerCut !== undefined && signal === "SIGKILL")
        cutPower(join(world.folder, "trace"), state, powerCut);
      resolve({ done: code === 0, failed: !byUs && !(reached && kill !== null), reached, said });
    });
  });
