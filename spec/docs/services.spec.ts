// docs/services.md does what it says.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { checkTypes } from "../../runtime/component/check-types.ts";
import { renderDiagnostic } from "../../runtime/diagnostic.ts";
import { complaints, repository, run } from "../scenarios/cryonode.ts";
import { fencedBlock } from "./fenced-block.ts";

describe("docs/services.md", function () {
  this.timeout(120_000);

  it("has an example whose types hold and whose verdict does", async () => {
    const page = await readFile(join(repository, "docs", "services.md"), "utf8");
    const folder = await mkdtemp(join(tmpdir(), "cryonode-docs-"));
    try {
      for (const name of ["stock-contract.ts", "stock.ts", "shop.ts"])
        await writeFile(join(folder, name), fencedBlock(page, "ts", `// ${name}\n`));
      const scenario = join(folder, "stock.yaml");
      await writeFile(scenario, fencedBlock(page, "yaml", "# stock.yaml\n"));
      const components = ["stock.ts", "shop.ts"].map((name) => join(folder, name));
      expect((await checkTypes(components, [])).map(renderDiagnostic)).to.deep.equal([]);
      expect(complaints(await run(scenario))).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
