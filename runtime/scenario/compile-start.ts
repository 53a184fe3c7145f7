// Compiles every component of a scenario, those that start later included, before anything starts.
import { compileComponent, type Compiled } from "../component/compile.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { Scenario } from "./scenario.ts";

/** What the components of a scenario compile to, by their files; or all that is wrong with any of them. */
export const compileStart = async ({
  start,
  directory,
}: Scenario): Promise<Either<readonly Diagnostic[], ReadonlyMap<string, Compiled>>> => {
  const files = [...new Set(start.map(({ component }) => component))];
  const compiled = await Promise.all(files.map((file) => compileComponent({ file, roots: [directory] })));
  const wrong = compiled.flatMap((each) => (E.isLeft(each) ? each.left : []));
  if (wrong.length > 0) return E.left(wrong);
  return E.right(
    new Map(
      compiled.flatMap((each, index) => (E.isRight(each) ? [[files[index]!, each.right] as const] : [])),
    ),
  );
};
