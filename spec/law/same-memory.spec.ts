// Law 2, in memory: every component of the repository, after the same events under different schedules of freezes.
import { programOf } from "../domain/program.ts";
import { assertSameMemory } from "./same-memory.ts";
import { subjects } from "./subject.ts";

describe("law 2: same events, same memory", () => {
  for (const { name, file, options } of subjects())
    it(`law 2: ${name} has the same memory however often it was frozen`, async () => {
      await assertSameMemory(await programOf(file), options);
    });
});
