// One line about each quarter, drawn by a generator that is fed a day at a time.
import type { Day } from "./days.ts";
import { figure, sparkline } from "./drawing.ts";

/** More rain than any week of Seattle's has, in mm. */
const WEEK = 140;

const quarterOf = ({ date }: Day): string =>
  `${date.slice(0, 4)} Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`;

/** Takes a day at each `next` and, when another quarter has begun, yields a line about the one before; it yields
 *  `""` otherwise. Given `null`, it returns the last line. */
export function* quarters(): Generator<string, string, Day | null> {
  let line = "";
  let day: Day | null = yield line;
  while (day !== null) {
    const name = quarterOf(day);
    const weeks = Array<number>(13).fill(0);
    let [low, high] = [Infinity, -Infinity];
    for (let n = 0; day !== null && quarterOf(day) === name; n++) {
      weeks[Math.min(12, Math.floor(n / 7))] += day.rain;
      low = Math.min(low, day.low);
      high = Math.max(high, day.high);
      day = yield line;
      line = "";
    }
    const rain = weeks.reduce((sum, week) => sum + week);
    line = `${name}  ${sparkline(weeks, WEEK)}  ${figure(rain, 0, 3)} mm  ${figure(low, 1, 5)} to ${figure(high, 1, 4)} °C`;
  }
  return line;
}
