// Random damage to plain data: one place changed, taken away, added or doubled.
import * as fc from "fast-check";

type Place = { readonly parent: Record<string, unknown> | unknown[]; readonly key: string | number };

const placesIn = (value: unknown): Place[] => {
  const places: Place[] = [];
  const visit = (parent: unknown): void => {
    if (typeof parent !== "object" || parent === null || parent instanceof Uint8Array) return;
    const keys = Array.isArray(parent) ? [...parent.keys()] : Object.keys(parent);
    for (const key of keys) {
      places.push({ parent: parent as Record<string, unknown>, key });
      visit((parent as Record<string | number, unknown>)[key]);
    }
  };
  visit(value);
  return places;
};

const NASTY: readonly unknown[] = [
  null,
  -1,
  0,
  1,
  7,
  16,
  17,
  18,
  20,
  0.5,
  NaN,
  -0,
  Infinity,
  2 ** 31,
  2 ** 32 - 8,
  2 ** 53 - 1,
  10n ** 30n,
  "",
  "x",
  "../x",
  "File_system",
  "Parent",
  "session",
  "exit",
  "thread",
  "region",
  "dataspace",
  "file",
  "{",
  "__proto__",
  "x".repeat(70_000),
  [],
  {},
  [[]],
  new Uint8Array(3),
  true,
];

export interface Mutation {
  readonly where: number;
  readonly how: number;
  readonly what: number;
}

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({ where: fc.nat(), how: fc.nat(5), what: fc.nat(NASTY.length - 1) }),
  { minLength: 1, maxLength: 4 },
);

/** A copy of `value` with all of these done to it, one after the other. */
export const mutated = (value: unknown, all: readonly Mutation[]): unknown => {
  const copy: unknown = structuredClone(value);
  for (const { where, how, what } of all) {
    const places = placesIn(copy);
    if (places.length === 0) break;
    const { parent, key } = places[where % places.length]!;
    const at = parent as Record<string | number, unknown>;
    const other = places[(where + what + 1) % places.length]!;
    switch (how) {
      case 0:
        if (Array.isArray(parent)) parent.splice(Number(key), 1);
        else delete at[key];
        break;
      case 1:
        if (Array.isArray(parent)) parent.push(structuredClone(at[key]));
        else at[String(16 + (what % 8))] = structuredClone(at[key]);
        break;
      case 2:
        at[key] = structuredClone((other.parent as Record<string | number, unknown>)[other.key]);
        break;
      default:
        at[key] = NASTY[what];
    }
  }
  return copy;
};
