// `npm run bench:peers`: one durable job, ours and its peers side by side in one run. What the peers need is installed
// into a folder of its own; one that can't be installed, or does not run, is told and left out.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";
import { appending } from "../durable/appending.ts";
import type { Contender } from "../durable/contender.ts";
import { cryonode } from "../durable/cryonode.ts";
import { AtWork, crashed, inFolder, resumed } from "../durable/measure.ts";
import { median, range } from "../side-by-side.ts";
import { machineLine } from "../table.ts";
import { dbos } from "./dbos.ts";
import { durableObjects } from "./durable-objects.ts";
import { peers } from "./installed.ts";
import { quickjs } from "./quickjs.ts";
import { restate } from "./restate.ts";

const { values } = parseArgs({
  options: {
    /** Rows whose names match, a regular expression. */
    only: { type: "string", default: "" },
    /** Contenders whose names match. */
    who: { type: "string", default: "" },
    rounds: { type: "string", default: "10" },
    /** How long each works in a round, in ms. All are paused between: a hundred at once take half a second to be where they were. */
    span: { type: "string", default: "1500" },
    /** After how many steps it is killed and resumed. */
    steps: { type: "string", default: "1000,10000" },
    /** Kills in the crash window: ours, and each peer's. */
    kills: { type: "string", default: "100" },
    "peer-kills": { type: "string", default: "10" },
    json: { type: "boolean", default: false },
    /** Nothing is installed: what is there is there. */
    offline: { type: "boolean", default: false },
  },
});

const [rounds, span] = [Number(values.rounds), Number(values.span)];
const isWanted = (row: string): boolean => new RegExp(values.only, "i").test(row);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const complain = (text: string): void => void process.stderr.write(`${text}\n`);

if (!values.offline) {
  complain(`installing the peers into ${peers}`);
  const flags = ["--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"];
  const npm = spawnSync("npm", ["install", ...flags], { cwd: peers, stdio: ["ignore", "ignore", "pipe"] });
  if (npm.status !== 0) complain(`npm install failed: ${String(npm.stderr)}`);
}

const contenders: Contender[] = [];
for (const contender of [cryonode, durableObjects, restate, dbos, quickjs]) {
  if (!new RegExp(values.who, "i").test(contender.name)) continue;
  const absent = contender.absent();
  if (absent === null) contenders.push(contender);
  else complain(`${contender.name} is left out: ${absent}`);
}

const figure = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);

/** One figure of the table, with the least and the greatest that were measured. */
const tell = (row: string, who: string, unit: string, all: readonly number[]): void => {
  // Of a ratio to nothing at all there is nothing to be said.
  const figures = all.filter(Number.isFinite);
  if (figures.length === 0) return;
  const [value, [least, greatest]] = [median(figures), range(figures)];
  if (values.json) return say(JSON.stringify({ row, who, unit, value, least, greatest }));
  const spread = figures.length === 1 ? "" : ` (${figure(least)}–${figure(greatest)})`;
  say(`${row.padEnd(40)} ${who.padEnd(34)} ${figure(value)}${spread} ${unit}`);
};

/** What does not run is told; the others go on. */
const trying = async (who: string, act: () => Promise<void>): Promise<void> => {
  try {
    await act();
  } catch (error) {
    complain(`${who} is left out here: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const RESUMES = 5;
const BASELINE = "append and fdatasync";

const steps = (workers: number): Promise<void> =>
  inFolder(cryonode, async (own) => {
    const row = `durable steps, ${workers} at once`;
    const folders: Promise<void>[] = [];
    const over: (() => void)[] = [];
    const at: { readonly who: string; readonly work: AtWork; readonly rates: number[] }[] = [];
    for (const contender of contenders)
      await new Promise<void>((begun) => {
        const done = trying(contender.name, () =>
          inFolder(contender, async (folder) => {
            const work = await AtWork.begin(contender, folder, workers);
            at.push({ who: contender.name, work, rates: [] });
            const ended = new Promise<void>((resolve) => over.push(resolve));
            begun();
            await ended;
            await work.end();
          }),
        ).finally(begun);
        folders.push(done);
      });
    const baseline: number[] = [];
    for (let round = 0; round < rounds; round++) {
      baseline.push(appending(own, span));
      for (const { who, work, rates } of at)
        await trying(who, async () => void rates.push(await work.rate(span)));
    }
    tell(row, BASELINE, "lines/s", baseline);
    for (const { who, rates } of at) tell(row, who, "steps/s", rates);
    const ratios = at.map(({ rates }) => rates.map((rate, round) => rate / baseline[round]!));
    for (const [n, { who }] of at.entries()) tell(`${row} / fdatasync`, who, "×", ratios[n]!);
    const ours = at.find(({ who }) => who === cryonode.name);
    for (const { who, rates } of at)
      if (ours !== undefined && who !== ours.who)
        tell(
          `${row}, ours by theirs`,
          who,
          "×",
          rates.map((rate, round) => ours.rates[round]! / rate),
        );
    for (const end of over) end();
    await Promise.all(folders);
  });

if (!values.json) say(machineLine(rounds));
for (const { name, note } of contenders) if (note !== undefined && !values.json) say(`${name}: ${note}`);
for (const workers of [1, 100]) if (isWanted(`durable steps, ${workers} at once`)) await steps(workers);

for (const count of values.steps.split(",").map(Number)) {
  const thousands = count.toLocaleString("en");
  const [resume, disk] = [`resume after ${thousands} steps`, `on disk after ${thousands} steps`];
  if (!isWanted(resume) && !isWanted(disk)) continue;
  for (const contender of contenders)
    await trying(contender.name, async () => {
      const { ms, bytes } = await resumed(contender, count, RESUMES);
      tell(resume, contender.name, "ms", ms);
      tell(disk, contender.name, "bytes", [bytes]);
    });
}

if (isWanted("kills in the crash window"))
  for (const contender of contenders)
    await trying(contender.name, async () => {
      const kills = Number(contender === cryonode ? values.kills : values["peer-kills"]);
      const { duplicates, losses } = await crashed(contender, kills);
      tell(`twice, after ${kills} kills`, contender.name, "lines", [duplicates]);
      tell(`lost, after ${kills} kills`, contender.name, "lines", [losses]);
    });
process.exit(0);
