// The README's durable host does what it says.
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { withDesk } from "../command/cli.ts";
import { living } from "../command/living.ts";

const block = (page: string, begins: string): string => {
  const [, text] = new RegExp(`\`\`\`\\w+\\n(${begins}[^]*?)\`\`\``).exec(page) ?? [];
  if (text === undefined) throw new Error(`the README has no block that begins with ${begins}`);
  return text;
};

describe("the README", () => {
  it("keeps a component alive as it says", async () => {
    const page = await readFile(new URL("../../../README.md", import.meta.url), "utf8");
    const files = { "hello.ts": block(page, "// hello.ts"), "host.yaml": block(page, "# host.yaml") };
    await withDesk(files, async ({ folder, cli }) => {
      const first = living(folder, ["up", "host.yaml"]);
      await first.says("count 3");
      const [head, row] = (await cli(["ps"])).stdout.split("\n");
      expect(head).to.match(/^NAME/);
      expect(row).to.match(/^hello +(running|exited 0)/);
      expect((await cli(["stop"])).status).to.equal(0);
      expect(await first.ended).to.include({ status: 0 });
      const second = living(folder, ["up", "host.yaml"]);
      // It may have come to its end before it was told to stop.
      if (!first.stdout().includes("exited with code 0")) await second.says("exited with code 0");
      else await second.says("host here");
      const { stdout } = await cli(["logs", "hello"]);
      expect(stdout).to.equal(Array.from({ length: 10 }, (_, n) => `count ${n + 1}\n`).join(""));
      second.signal("SIGINT");
      expect(await second.ended).to.include({ status: 0 });
    });
  }).timeout(60_000);
});
