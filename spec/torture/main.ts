// `npm run torture -- --kills N --seed S`, or `--steps`: as long and as hard as one likes.
import { parseArgs } from "node:util";
import { ILLS, type IllKind } from "../migrate/ills.ts";
import { STEP_NAMES } from "./step.ts";
import { EVERYONE } from "./torture-world.ts";
import { tortureMigration } from "../migrate/torture.ts";
import { allSteps, powerCuts, randomLives, torture } from "./torture.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string" },
    seed: { type: "string", default: "1" },
    steps: { type: "boolean", default: false },
    power: { type: "boolean", default: false },
    only: { type: "string" },
    cast: { type: "string" },
    rest: { type: "boolean", default: false },
    migrate: { type: "boolean", default: false },
    carried: { type: "boolean", default: false },
    commands: { type: "boolean", default: false },
    ills: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`npm run torture -- [--kills N] [--seed S]
npm run torture -- --power [--kills N] [--seed S]
npm run torture -- --steps [--only TEXT]
npm run torture -- --migrate [--kills N [--seed S] | --steps [--only TEXT]]
npm run torture -- --migrate --carried [--ills KIND,…] [--kills N] [--seed S]
npm run torture -- --migrate --commands [--kills N] [--seed S]
with --cast NAME,NAME…: only these play, of ${EVERYONE.join(", ")}
with --rest: whoever is idle for 5 ms is put to rest

Runs components under \`cryonode up\`, ends the host with kill -9 again and again, and compares the world that is left
with that of an uninterrupted run: N times (default 100) at moments that follow from S (default 1); with
--power, each time losing what was not synced, or some of it; or at every step of
its life, before and after, its first time and later ones; with --only, at those whose names have TEXT in them; with --migrate,
a component moves between hosts, with each failure of the link at every frame, and with kill -9 of either host and a cut
link at each message of the handover; with --steps at each step of either host, and again in its recovery; with --kills
N times at any moment, of either or both, and again on their way up; with --carried, N moves of a client and its server
among three hosts, any of which are killed meanwhile; with --ills, hosts or components also have a full disk (which takes root),
descriptors that run out, links to them that are cut, slow, stalled or half open, users who freeze and revive at random,
or clocks that are hours ahead or behind after each kill: ${ILLS.join(", ")}; with --commands, N rounds in which two hosts are
given commands at random (freeze, revive, replace, kill, migrate, fetch, drain, abort), and killed. The steps:

  ${STEP_NAMES.join("\n  ")}`);
} else if (values.migrate) {
  const { kills, steps, carried, commands, only } = values;
  const ills = (values.ills?.split(",") ?? []) as IllKind[];
  const unknown = ills.find((each) => !ILLS.includes(each));
  if (unknown !== undefined) throw new Error(`there is no ill ${unknown}, but ${ILLS.join(", ")}`);
  await tortureMigration({
    ...{ steps, carried, commands, ills },
    ...(only === undefined ? {} : { only }),
    kills: kills === undefined ? null : Number(kills),
    seed: Number(values.seed),
    tell: (text) => console.log(text),
  });
} else {
  const steps = allSteps().filter(({ kill }) => kill!.what.includes(values.only ?? ""));
  const [kills, seed] = [Number(values.kills ?? 100), Number(values.seed)];
  const lives = values.steps ? steps : values.power ? powerCuts(kills, seed) : randomLives(kills, seed);
  const {
    wrong,
    repeats,
    losses,
    kills: done,
    missed,
    wakings,
  } = await torture({
    lives,
    rests: values.rest,
    ...(values.cast === undefined ? {} : { cast: values.cast.split(",") }),
    tell: (text) => console.log(text),
  });
  if (values.rest) console.log(`${wakings} wakings`);
  if (missed.length > 0) console.log(`steps that did not come: ${missed.join(", ")}`);
  console.log(`${done} kills, ${repeats} messages repeated, ${losses} lost, ${wrong.length} faults`);
  for (const each of wrong) console.log(each);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
