// What is wrong with the arguments of a call, told by the contract's codec: the place, what stood there, and
// what was expected. Made only once a call is refused.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import type { MethodEntry } from "./capability-space.ts";

const SHOWN = 80;

/** What an image brings along may hold what JSON does not. */
const plain = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

const shown = (value: unknown): string => {
  const text = JSON.stringify(value, plain) ?? "undefined";
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
};

/** `service`: the contract's name. */
export const argumentError = (service: string, entry: MethodEntry, args: unknown): SessionError => {
  const checked = entry.method.args.decode(args);
  const context = E.isLeft(checked) ? (checked.left[0]?.context ?? []) : [];
  const last = context.at(-1);
  const place = context.map(({ key }) => key).filter((key) => key !== "");
  return {
    tag: "InvalidArgument",
    method: `${service}.${entry.name}`,
    place: place.length === 0 ? "its argument list" : `argument ${place.join(".")}`,
    expected: last?.type.name ?? entry.method.args.name,
    actual: shown(last === undefined ? args : last.actual),
  };
};

/** For a number that names no method of the contract. */
export const methodError = (service: string, method: number): SessionError => ({
  tag: "InvalidArgument",
  method: service,
  place: "its method",
  expected: "one of its contract",
  actual: `number ${method}`,
});
