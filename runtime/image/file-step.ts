// One step on files, as a value: what it gave, or which step failed and the operating system's code for why.
import { E, type Either } from "../../lib/fp.ts";

export interface FailedStep {
  readonly step: string;
  /** Such as `ENOSPC`. */
  readonly code: string;
}

export const fileStep = async <A>(step: string, action: () => Promise<A>): Promise<Either<FailedStep, A>> => {
  try {
    return E.right(await action());
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    // Without a code it did not come from the operating system: a bug, not a fault to survive.
    if (typeof code !== "string") throw error;
    return E.left({ step, code });
  }
};
