// Children share a thread, and none of them is the worse for one whose log can't be had.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { openKeeper } from "../../runtime/host/durable-folder.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import { startRuntime } from "../../runtime/host/runtime.ts";

const SERVER = `import * as t from "io-ts";
import { component, method, session } from "cryonode";
const Sum = session("Sum", { add: method({ args: t.tuple([t.number]), result: t.number }) });
export default component(async (env) => {
  let sum = 0;
  await env.announce(Sum, () => ({ add: async (by: number) => (sum += by) }));
});
`;

const right = <T>(value: { _tag: "Left"; left: unknown } | { _tag: "Right"; right: T }): T => {
  if (value._tag === "Right") return value.right;
  throw new Error(JSON.stringify(value.left));
};

describe("shard: a child whose log can't be opened", function () {
  this.timeout(30_000);

  it("fault 4: does not come to life, for that reason; its siblings notice nothing, and it does once it can be", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cryonode-no-log-"));
    const component = join(folder, "sum.ts");
    await writeFile(component, SERVER);
    const runtime = right(await startRuntime(join(folder, "state"), { threads: 1 }));
    const { keeper, close } = right(await openKeeper(runtime, () => {}));
    const warnings: string[] = [];
    const host = new LiveHost({
      config: { name: "here", ram: 64 << 20, caps: 1000, files: {}, gates: {}, roms: {}, trust: [] },
      runtime,
      keeper,
      emit: (event) => {
        if (event.event === "warning") warnings.push(event.text);
      },
    });
    const config = (name: string) => ({
      ...{ name, component, ram: 8 << 20, caps: 100, config: null, turn: 2000 },
      routes: [{ service: "LOG" }],
    });
    try {
      right(await host.start(config("one")));
      const target = { child: "one", service: "Sum", label: "", args: "{}", patience: null };
      const session = right(await host.session(target));
      expect(right(await session.call("add", [2]))).equal(2);
      // Nothing can be written there, as where a process has no descriptor left.
      const log = join(folder, "state", "logs", "two.log");
      await mkdir(log, { recursive: true });
      const refused = await host.start(config("two"));
      expect(refused).to.deep.include({ _tag: "Left" });
      expect(E.isLeft(refused) && refused.left)
        .to.have.property("reason")
        .that.matches(/EISDIR.*two\.log/);
      expect(right(await session.call("add", [3]))).equal(5);
      expect(warnings).to.deep.equal([]);
      await rm(log, { recursive: true });
      right(await host.start(config("two")));
      expect(right(await session.call("add", [4]))).equal(9);
    } finally {
      await host.close();
      await close();
      await runtime.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
