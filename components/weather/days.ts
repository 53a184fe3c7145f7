// The days of a table of weather, one at a time, from a file that is read in small blocks.
import type { Client, File } from "cryonode";

export interface Day {
  /** `2012-01-31` */
  readonly date: string;
  /** Precipitation in mm. */
  readonly rain: number;
  /** The day's highest and lowest temperature in °C. */
  readonly high: number;
  readonly low: number;
  /** m/s */
  readonly wind: number;
  readonly kind: string;
}

/** Reads `block` bytes at a time: between two days, the file's place is ahead of them by what was read of others. */
export async function* days(file: Client<typeof File>, block: number): AsyncGenerator<Day, void, void> {
  let heading = true;
  for await (const line of file.lines(block)) {
    const [date = "", rain, high, low, wind, kind = ""] = line.split(",");
    if (!heading)
      yield { date, rain: Number(rain), high: Number(high), low: Number(low), wind: Number(wind), kind };
    heading = false;
  }
}
