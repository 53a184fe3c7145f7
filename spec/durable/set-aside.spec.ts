// Fault 41 on a durable host: a call that brings its server down is set aside, its caller hears of that, and the server
// goes on with all that it knew.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { openKeeper } from "../../runtime/host/durable-folder.ts";
import type { Child } from "../../runtime/host/child.ts";
import { LiveHost } from "../../runtime/host/live-host.ts";
import { startRuntime } from "../../runtime/host/runtime.ts";

const SERVER = `import * as t from "io-ts";
import { component, method, session } from "cryonode";
const Sum = session("Sum", { add: method({ args: t.tuple([t.number]), result: t.number }) });
export default component(async (env) => {
  let sum = 0;
  const add = async (by: number): Promise<number> => {
    for (; by === -1; ) void by;
    // It never polls: its thread is ended.
    if (by === -2) new Array(2 ** 32 - 2).join();
    return (sum += by);
  };
  await env.announce(Sum, () => ({ add }));
});
`;

const right = <T>(value: { _tag: "Left"; left: unknown } | { _tag: "Right"; right: T }): T => {
  if (value._tag === "Right") return value.right;
  throw new Error(JSON.stringify(value.left));
};

describe("a component that is brought down", function () {
  this.timeout(30_000);

  for (const [how, by] of [
    ["loops", -1],
    ["hangs in a built-in, and is ended with its thread", -2],
  ] as const)
    it(`fault 41: goes on without the call by which it ${how}; its caller hears of that`, async () => {
      const folder = await mkdtemp(join(tmpdir(), "cryonode-aside-"));
      const component = join(folder, "sum.ts");
      await writeFile(component, SERVER);
      const runtime = right(await startRuntime(join(folder, "state"), { threads: 1, silence: 600 }));
      const { keeper, close } = right(await openKeeper(runtime, () => {}));
      const warnings: string[] = [];
      const host = new LiveHost({
        config: { name: "here", ram: 64 << 20, caps: 1000, files: {}, gates: {}, roms: {}, trust: [] },
        runtime,
        keeper,
        comesBack: () => true,
        emit: (event) => {
          if (event.event === "warning") warnings.push(event.text);
        },
      });
      try {
        const quota = { ram: 8 << 20, caps: 100 };
        const config = {
          name: "sum",
          component,
          ...quota,
          config: null,
          turn: 200,
          routes: [{ service: "LOG" }],
        };
        const child: Child = right(await host.start(config));
        const target = { child: "sum", service: "Sum", label: "", args: "{}", patience: null };
        const session = right(await host.session(target));
        expect(right(await session.call("add", [2]))).equal(2);
        const bad = session.call("add", [by]);
        const ending = await child.ended;
        expect(ending.kind).equal("faulted");
        const former = right(await keeper.former("sum", ending));
        right(await host.recover(config, former!));
        const answer = await bad;
        expect(E.isLeft(answer) && answer.left.tag).equal("Failed");
        expect(warnings.join()).include("set aside").and.include('"add"');
        expect(right(await session.call("add", [3]))).equal(5);
      } finally {
        await host.close();
        await close();
        await runtime.close();
        await rm(folder, { recursive: true, force: true });
      }
    });
});
