// A file power whose Nth operation fails, and whose every operation is told of.
import type { FilePower, OpenFile } from "../../runtime/image/file-power.ts";

const failure = (code: string): Error => Object.assign(new Error(code), { code });

/**
 * `fails(n, name)` answers the code that operation n, from 1, shall fail with, or `null`. A `close` that fails has
 * closed nevertheless, as on Linux.
 */
export const failingPower = (
  power: FilePower,
  fails: (operation: number, name: string) => string | null,
): FilePower => {
  let operations = 0;
  const wrapped = <F extends object>(record: F): F => {
    const entries = Object.entries(record).map(([name, operation]) => [
      name,
      async (...args: unknown[]) => {
        operations += 1;
        const code = fails(operations, name);
        if (code !== null) {
          if (name === "close") await operation();
          throw failure(code);
        }
        const result: unknown = await operation(...args);
        return name === "create" || name === "open" ? wrapped(result as OpenFile) : result;
      },
    ]);
    return Object.fromEntries(entries) as F;
  };
  return wrapped(power);
};
