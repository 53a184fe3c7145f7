// The bundled components and the pages about them: types hold, and nothing is left out.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { checkTypes } from "../../runtime/component/check-types.ts";
import { renderDiagnostic } from "../../runtime/diagnostic.ts";
import { repository } from "./cryonode.ts";

const named = (folder: string, ending: string): readonly string[] =>
  readdirSync(join(repository, folder)).filter((name) => name.endsWith(ending));

/** What the table of a folder's page links to. */
const listed = (folder: string): readonly string[] => {
  const page = readFileSync(join(repository, folder, "README.md"), "utf8");
  return [...page.matchAll(/^\| \[[^\]]+\]\(([^)]+)\)/gm)].map(([, file = ""]) => file);
};

describe("the bundled components", function () {
  // Runs the TypeScript compiler, which a busy machine may take its time over.
  this.timeout(120_000);

  it("are right in their types, as `cryonode check` sees them", async () => {
    const files = named("components", ".ts").map((name) => join(repository, "components", name));
    expect((await checkTypes(files, [])).map(renderDiagnostic)).to.deep.equal([]);
  });

  for (const [folder, ending] of [
    ["components", ".ts"],
    ["scenarios", ".yaml"],
  ] as const)
    it(`stand in the table of ${folder}/README.md, each once`, () => {
      expect([...listed(folder)].sort()).to.deep.equal([...named(folder, ending)].sort());
    });
});
