// `cryonode check FILE`: everything that is wrong with a scenario and its components, types included.
import { E } from "../../lib/fp.ts";
import { inOrder, type Diagnostic } from "../diagnostic.ts";
import { readScenario } from "../scenario/read-scenario.ts";
import { complainAbout } from "./complaints.ts";
import type { Console } from "./console.ts";
import { OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import { countText } from "./quantity.ts";
import { styles } from "./style.ts";

/** What the compiler and the type checker both say of a place is said once, in the compiler's words. */
const together = (compiling: readonly Diagnostic[], typing: readonly Diagnostic[]): readonly Diagnostic[] => {
  const places = new Set(compiling.map(({ file, line }) => `${file}:${line}`));
  const files = new Map<string, Diagnostic[]>();
  for (const each of [...compiling, ...typing.filter(({ file, line }) => !places.has(`${file}:${line}`))])
    files.set(each.file, [...(files.get(each.file) ?? []), each]);
  return [...files.values()].flatMap(inOrder);
};

export const check = async (file: string, console: Console): Promise<ExitStatus> => {
  const read = await readScenario(file);
  if (E.isLeft(read)) {
    complainAbout(console, read.left);
    return WRONG_INPUT;
  }
  const scenario = read.right;
  const [{ compileStart }, { checkTypes }] = await Promise.all([
    import("../scenario/compile-start.ts"),
    import("../component/check-types.ts"),
  ]);
  const components = [...new Set(scenario.start.map(({ component }) => component))];
  const [compiled, types] = await Promise.all([
    compileStart(scenario),
    components.length === 0 ? [] : checkTypes(components, [scenario.directory]),
  ]);
  const wrong = together(E.isLeft(compiled) ? compiled.left : [], types);
  complainAbout(console, wrong);
  if (wrong.length > 0) return WRONG_INPUT;
  if (E.isRight(compiled))
    for (const { warnings } of compiled.right.values())
      complainAbout(
        console,
        warnings.map((each) => ({ ...each, message: `warning: ${each.message}` })),
      );
  const extent = `${countText(components.length, "component")}, ${countText(scenario.steps?.length ?? 0, "step")}`;
  console.print(`${styles(console.colours).good("ok")}  ${file}  (${extent})`);
  return OK;
};
