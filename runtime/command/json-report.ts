// What happens, for programs: one JSON object a line.

import type { Console } from "./console.ts";

const round = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Writes each event with `ms` since the start. */
export const jsonReport =
  ({ print }: Console, since: () => number) =>
  (event: { readonly event: string }): void => {
    const { event: name, ...facts } = event;
    print(
      JSON.stringify({ event: name, ms: round(since()), ...facts }, (key, value: unknown) =>
        key.endsWith("Ms") && typeof value === "number" ? round(value) : value,
      ),
    );
  };
