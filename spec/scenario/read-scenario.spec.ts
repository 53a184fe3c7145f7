// Scenario files on the disk: what can be wrong with the file itself, and with those it names.

import { mkdir, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { readScenario } from "../../runtime/scenario/read-scenario.ts";
import type { ReadPowers } from "../../runtime/scenario/read-scenario.ts";
import { changed, EXAMPLE } from "./example.ts";

describe("scenario: files on the disk", () => {
  let folder = "";
  let file = "";

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "cryonode-scenario-"));
    await mkdir(join(folder, "scenarios"));
    await mkdir(join(folder, "components"));
    await writeFile(join(folder, "components", "counter.ts"), "");
    file = join(folder, "scenarios", "counter.yaml");
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** The complaints about a file with this text, without its folder. */
  const refusals = async (text: string | Uint8Array, powers?: ReadPowers): Promise<readonly string[]> => {
    await writeFile(file, text);
    const result = await readScenario(file, powers);
    return E.isLeft(result)
      ? result.left.map(({ line, column, message }) => `${line}:${column}: ${message}`)
      : [];
  };

  it("reads a file whose component is there", async () => {
    await writeFile(file, EXAMPLE);
    const result = await readScenario(file);
    expect(E.isRight(result) && result.right.start[0]?.component).to.equal(
      join(folder, "components", "counter.ts"),
    );
  });

  it("names a component that is missing, with the nearest file beside it", async () => {
    expect(
      await refusals(
        changed(
          "  counter:\n    component: ../components/counter.ts",
          "  counter:\n    component: ../components/conter.ts",
        ),
      ),
    ).to.deep.equal([
      '15:16: start.counter.component is "../components/conter.ts", and no file is there; expected the path of a file, relative to this one; did you mean "../components/counter.ts"?',
    ]);
  });

  it("takes no folder for a component", async () => {
    const [complaint] = await refusals(
      changed(
        "  counter:\n    component: ../components/counter.ts",
        "  counter:\n    component: ../components",
      ),
    );
    expect(complaint).to.match(
      /^15:16: start\.counter\.component is "\.\.\/components", and no file is there/,
    );
  });

  it("names a ROM's file that is missing, together with what else is wrong", async () => {
    const text = changed("{ text: hello }", "{ file: banner.txt }").replace("log: counter", "log: countr");
    expect((await refusals(text)).map((each) => each.replace(/;.*/, ""))).to.deep.equal([
      '12:23: hosts.here.roms.banner.file is "banner.txt", and no file is there',
      '33:20: steps[5].expect.log names "countr"',
    ]);
  });

  it("names a folder that is not there, where nobody may create it", async () => {
    const text = changed("rights: [read, write, create]", "rights: [read, write]");
    const [refusal = ""] = await refusals(text);
    expect(refusal).to.match(
      /hosts\.here\.files\.data\.directory is .*, and no folder is there; expected one/,
    );
  });

  it("asks the powers it was given", async () => {
    const asked: string[] = [];
    const exists = async (path: string) => asked.push(path) > 0;
    expect(await refusals(changed("{ text: hello }", "{ file: banner.txt }"), { exists })).to.deep.equal([]);
    expect(asked.toSorted()).to.deep.equal([
      join(folder, "components", "counter.ts"),
      join(folder, "components", "counter.ts"),
      join(folder, "scenarios", "banner.txt"),
    ]);
  });

  it("names a scenario that is missing, with the nearest file beside it", async () => {
    await writeFile(file, EXAMPLE);
    const missing = join(folder, "scenarios", "conter.yaml");
    expect(await readScenario(missing)).to.deep.equal(
      E.left([
        {
          file: missing,
          line: 1,
          column: 1,
          message: 'there is no such file; expected a scenario file; did you mean "counter.yaml"?',
        },
      ]),
    );
  });

  it("takes no folder for a scenario", async () => {
    const result = await readScenario(folder);
    expect(E.isLeft(result) && result.left[0]?.message).to.equal("this is no file; expected a scenario file");
  });

  it("refuses bytes that are no text", async () => {
    expect(await refusals(Uint8Array.of(0x61, 0xff, 0xfe))).to.deep.equal([
      "1:1: the file holds bytes that are no UTF-8; expected a text",
    ]);
  });

  it("fault 18: refuses a file over 1 MiB unread", async () => {
    await writeFile(file, "");
    await truncate(file, 2 ** 40);
    const result = await readScenario(file);
    expect(E.isLeft(result) && result.left[0]?.message).to.equal(
      "the file has 1099511627776 bytes; expected a scenario of at most 1048576",
    );
  });
});
