// The documentation's example of a file provider: its spec, which runs the shared suite, and what is its own.
import { expect } from "chai";
import "../../../docs/examples/audited-files.spec.ts";
import { auditedFiles, type Change } from "../../../docs/examples/audited-files.ts";
import { memoryFiles } from "../../../runtime/provider/file/memory.ts";
import { onStage } from "../../host/stage.ts";

describe("the audited files of the documentation", () => {
  const told: Change[] = [];
  const files = auditedFiles(memoryFiles({ name: "data" }), (change) => told.push(change));

  it(
    "plugged into a host: tell what a component does, be it frozen meanwhile or not",
    onStage(
      async ({ host, start, log }) => {
        const writer = await start(
          "writer",
          `const log = await env.session(Log);
           const timer = await env.session(Timer);
           const files = await env.session(FileSystem, { label: "data" });
           const file = await files.open("a.txt", { read: true, write: true, create: true });
           await file.write("one");
           await files.unlink("a.txt");
           await log.write("ready");
           await timer.sleep(50);
           await file.write("two");
           await file.seek(0);
           await log.write(await file.readText());`,
        );
        await writer.until({ log: "ready" });
        await writer.freeze("writer.cryo");
        const revived = await host.revive("writer.cryo");
        await revived.ended;
        expect(log("writer")).to.deep.equal(["ready", "onetwo"]);
        expect(told.map(({ what, path, bytes }) => [what, path, bytes])).to.deep.equal([
          ["opened for writing", "a.txt", undefined],
          ["written", "a.txt", 3],
          ["removed", "a.txt", undefined],
          ["written", "(removed)", 3],
          ["written", "(removed)", 3],
        ]);
      },
      { files: { data: { provider: files } } },
    ),
  );
});
