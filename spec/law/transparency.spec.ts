// Law 2, in one process: every component of the repository, frozen and revived at every turn boundary.
import { programOf } from "../domain/program.ts";
import { subjects } from "./subject.ts";
import { assertTransparent } from "./transparency.ts";

describe("law 2: transparency", () => {
  for (const { name, file, options } of subjects())
    it(`law 2: ${name} does the same, frozen nowhere, anywhere and everywhere`, async () => {
      await assertTransparent(await programOf(file), options);
    });
});
