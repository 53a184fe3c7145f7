// `npm run torture -- --kills N --seed S`: as long and as hard as one likes.
import { parseArgs } from "node:util";
import { torture } from "./torture.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    work: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`npm run torture -- [--kills N] [--seed S] [--work W]

Runs components under \`cryonode up\`, kills the host N times (default 100) at moments that follow from S (default 1),
and compares the world that is left with that of an uninterrupted run. W: steps of each component (default: 20 a kill).`);
} else {
  const kills = Number(values.kills);
  const work = Number(values.work ?? Math.max(200, kills * 20));
  const {
    wrong,
    repeats,
    kills: done,
  } = await torture({
    kills,
    seed: Number(values.seed),
    work,
    tell: (text) => console.log(text),
  });
  console.log(`${done} kills, ${repeats} messages repeated to the foreign server, ${wrong.length} faults`);
  for (const each of wrong) console.log(each);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
