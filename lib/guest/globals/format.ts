// What `console` makes of its arguments: strings bare, the rest inspected, `%s` and the like filled in.
import { inspect } from "./inspect.ts";

const asText = (value: unknown): string => {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Error) return String(value);
  return typeof value === "object" && value !== null ? inspect(value, 0) : String(value);
};

const asNumber = (value: unknown, convert: (value: unknown) => number): string => {
  if (typeof value === "bigint") return `${value}n`;
  return typeof value === "symbol" ? "NaN" : inspect(convert(value));
};

const asJson = (value: unknown): string => {
  try {
    return String(JSON.stringify(value));
  } catch {
    return "[Circular]";
  }
};

const fillers: Readonly<Record<string, (value: unknown) => string>> = {
  "%s": asText,
  "%d": (value) => asNumber(value, Number),
  "%i": (value) => asNumber(value, (each) => Number.parseInt(String(each), 10)),
  "%f": (value) => asNumber(value, (each) => Number.parseFloat(String(each))),
  "%j": asJson,
  "%o": (value) => inspect(value, 4),
  "%O": (value) => inspect(value),
  // Styles have no place in a log.
  "%c": () => "",
};

/** One text for all of `values`. */
export const format = (values: readonly unknown[]): string => {
  let rest = values;
  let text = "";
  const [head] = values;
  if (typeof head === "string" && values.length > 1) {
    let next = 1;
    text = head.replace(/%[sdifjoOc%]/g, (found) => {
      if (found === "%%") return "%";
      return next < values.length ? fillers[found]!(values[next++]) : found;
    });
    rest = values.slice(next);
    if (rest.length === 0) return text;
    text += " ";
  }
  return text + rest.map((value) => (typeof value === "string" ? value : inspect(value))).join(" ");
};
