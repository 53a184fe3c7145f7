// `npm run bench`: measures, side by side in one run, and prints a table; with `--json` one object a row.
import { parseArgs } from "node:util";
import { buildBase } from "../runtime/engine/base.ts";
import { loadEngine } from "../runtime/engine/wasm-module.ts";
import { authenticationBenches } from "./authentication.ts";
import type { Bench } from "./bench.ts";
import { callBenches } from "./calls.ts";
import { carriedBench } from "./carried.ts";
import { comparing, storing } from "./checkpoint.ts";
import { fenceBenches } from "./fences.ts";
import { durableBenches } from "./durable/rows.ts";
import { fileBenches } from "./files.ts";
import { freezeBenches } from "./freeze.ts";
import { handleBenches } from "./handles.ts";
import { imageBench } from "./image.ts";
import { incrementalBench } from "./incremental.ts";
import { migrationBenches } from "./migration.ts";
import { populationBenches, restingBench } from "./resting.ts";
import { restingHostBenches } from "./resting-host.ts";
import { revivalBenches } from "./revival.ts";
import { sharedThreadBenches } from "./shared-threads.ts";
import { serviceBenches } from "./services.ts";
import { startBenches } from "./start.ts";
import { streamBenches } from "./streams.ts";
import { heading, line, machineLine } from "./table.ts";

const benches: readonly Bench[] = [
  ...callBenches,
  ...serviceBenches,
  ...fileBenches,
  ...fenceBenches,
  ...freezeBenches,
  ...revivalBenches,
  ...handleBenches,
  ...authenticationBenches,
  ...streamBenches,
  imageBench,
  incrementalBench,
  comparing,
  storing,
  restingBench,
  ...startBenches,
  ...sharedThreadBenches,
  ...populationBenches,
  ...restingHostBenches,
  ...durableBenches,
  ...migrationBenches,
  carriedBench,
];

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    /** A regular expression; only rows whose names match are measured. */
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "7" },
  },
});

const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write(`--rounds ${values.rounds}: expected a whole number, 1 or more\n`);
  process.exit(2);
}
const only = new RegExp(values.only, "i");
const wanted = benches.filter(({ name }) => only.test(name));
if (wanted.length === 0) {
  process.stderr.write(`--only ${values.only}: no row matches; there are:\n`);
  for (const { name } of benches) process.stderr.write(`  ${name}\n`);
  process.exit(2);
}

const engine = loadEngine();
const base = buildBase(engine);
if (!values.json) process.stdout.write(`${machineLine(rounds)}\n\n${heading}\n`);
for (const bench of wanted) {
  const row = await bench.run({ engine, base, rounds });
  const { name, value, unit, against, ratio } = row;
  process.stdout.write(
    values.json ? `${JSON.stringify({ name, value, unit, against, ratio })}\n` : `${line(row)}\n`,
  );
}
