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

/** Reads `block` bytes at a time. The start of a line whose end is still in the file waits in `rest`. */
export async function* days(file: Client<typeof File>, block: number): AsyncGenerator<Day, void, void> {
  const decoder = new TextDecoder();
  let rest = "";
  let heading = true;
  for (;;) {
    const bytes = await file.read(block);
    if (bytes.length === 0) return;
    const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [date = "", rain, high, low, wind, kind = ""] = line.split(",");
      if (!heading)
        yield { date, rain: Number(rain), high: Number(high), low: Number(low), wind: Number(wind), kind };
      heading = false;
    }
  }
}
