// All that a run needs and that can be wrong before anything starts: components, images of earlier runs, the
// state directory and its key.
import { E, type Either } from "../../lib/fp.ts";
import type { Compiled } from "../component/compile.ts";
import type { Diagnostic } from "../diagnostic.ts";
import type { Runtime } from "../host/runtime.ts";
import { startThread } from "../host/spare-thread.ts";
import { imageProse } from "../image/image-error.ts";
import { compileStart } from "../scenario/compile-start.ts";
import { checkImages } from "../scenario/check-images.ts";
import type { Scenario } from "../scenario/scenario.ts";

export interface Prepared {
  readonly runtime: Runtime;
  /** By the components' files. */
  readonly compiled: ReadonlyMap<string, Compiled>;
}

/** `state`: the state directory, absolute; made, with its key, once all else is found right. */
export const prepare = async (
  scenario: Scenario,
  state: string,
): Promise<Either<readonly Diagnostic[], Prepared>> => {
  // The compiler works in a process of its own: meanwhile the engine is made ready in this one.
  const compiling = compileStart(scenario);
  const { warmRuntime } = await import("../host/runtime.ts");
  const warm = warmRuntime({ spare: startThread() });
  const compiled = await compiling;
  const images = await checkImages(scenario, state);
  if (E.isLeft(compiled) || images.length > 0) {
    await warm.close();
    return E.left([...(E.isLeft(compiled) ? compiled.left : []), ...images]);
  }
  const about = (message: string): Either<readonly Diagnostic[], never> =>
    E.left([
      { file: scenario.file, line: 1, column: 1, message: `the state directory ${state}: ${message}` },
    ]);
  try {
    const runtime = await warm.on(state);
    return E.isLeft(runtime)
      ? about(imageProse(runtime.left))
      : E.right({ runtime: runtime.right, compiled: compiled.right });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    return about(`it can't be made or used: ${code}`);
  }
};
