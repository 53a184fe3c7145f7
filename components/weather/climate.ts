// What is known of the days seen so far, and the report on them.
import type { Day } from "./days.ts";
import { bar, figure } from "./drawing.ts";
import { record, Spread, streak } from "./figures.ts";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

export class Climate {
  #count = 0;
  #first = "";
  #last = "";
  readonly #kinds = new Map<string, number>();
  readonly #highs = new Spread();
  readonly #months = MONTHS.map((name) => ({ name, rain: 0, low: new Spread(), high: new Spread() }));
  readonly #notes = [
    noted(
      "hottest day",
      "°C",
      record(({ high }) => high),
    ),
    noted(
      "coldest night",
      "°C",
      record(({ low }) => low, -1),
    ),
    noted(
      "wettest day",
      "mm",
      record(({ rain }) => rain),
    ),
    noted(
      "strongest wind",
      "m/s",
      record(({ wind }) => wind),
    ),
    noted(
      "longest dry spell",
      "days",
      streak(({ rain }) => rain === 0),
    ),
    noted(
      "longest wet spell",
      "days",
      streak(({ rain }) => rain > 0),
    ),
  ];

  add(day: Day): void {
    if (this.#count++ === 0) this.#first = day.date;
    this.#last = day.date;
    this.#kinds.set(day.kind, (this.#kinds.get(day.kind) ?? 0) + 1);
    this.#highs.add(day.high);
    const month = this.#months[Number(day.date.slice(5, 7)) - 1];
    month.rain += day.rain;
    month.low.add(day.low);
    month.high.add(day.high);
    for (const { see } of this.#notes) see(day);
  }

  report(): string {
    const years = this.#count / 365.25;
    const kinds = [...this.#kinds].sort(([, a], [, b]) => b - a).map(([kind, days]) => `${kind} ${days}`);
    const lines = [
      `${this.#count} days, ${this.#first} to ${this.#last}: ${kinds.join(", ")}`,
      `highs of ${figure(this.#highs.mean, 2)} ± ${figure(this.#highs.deviation, 2)} °C`,
      "",
      ...this.#months.map(({ name, low, high, rain }) => {
        const [nights, days, water] = [
          figure(low.mean, 1, 4),
          figure(high.mean, 1, 4),
          figure(rain / years, 0, 3),
        ];
        return `${name}  ${nights} to ${days} °C  ${water} mm  ${bar(rain / years, 200, 32)}`;
      }),
      "",
      ...this.#notes.map(({ line }) => line()),
    ];
    return lines.map((line) => `${line}\n`).join("");
  }
}

const noted = (name: string, unit: string, see: (day: Day) => { value: number; date: string }) => {
  let last = { value: NaN, date: "" };
  return {
    see: (day: Day) => void (last = see(day)),
    line: () =>
      `${name.padEnd(18)} ${figure(last.value, unit === "days" ? 0 : 1, 5)} ${unit.padEnd(4)}  ${last.date}`,
  };
};
