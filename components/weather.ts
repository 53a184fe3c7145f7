// Four years of weather, read through one file handle in small blocks. What it knows so far lies where programs
// keep such things: in objects of classes, in closures, and in two generators, one of them amid a line of the
// table. Nothing here knows of freezing.
import { component, FileSystem, Log } from "cryonode";
import { Climate } from "./weather/climate.ts";
import { days } from "./weather/days.ts";
import { quarters } from "./weather/quarters.ts";

interface Config {
  /** The table, in the provider of tables. */
  readonly table: string;
  /** Where the report goes, in the provider of reports. */
  readonly report: string;
  /** Bytes read at a time. */
  readonly block?: number;
  /** Says nothing on the way. */
  readonly quiet?: boolean;
}

export default component(async (env) => {
  const { table, report, block = 500, quiet = false } = await env.config<Config>();
  const log = await env.session(Log);
  const tables = await env.session(FileSystem, { label: "tables" });
  const reports = await env.session(FileSystem, { label: "reports" });

  const climate = new Climate();
  const progress = quarters();
  progress.next();
  const file = await tables.open(table);
  for await (const day of days(file, block)) {
    climate.add(day);
    const line = progress.next(day).value;
    if (line !== "" && !quiet) await log.write(line);
  }
  if (!quiet) await log.write(progress.next(null).value);

  const text = climate.report();
  const out = await reports.open(report, { write: true, create: true, truncate: true });
  await out.write(text);
  for (const line of quiet ? [] : text.trimEnd().split("\n")) await log.write(line);
});
