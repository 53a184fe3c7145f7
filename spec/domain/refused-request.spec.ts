// Law 8: what could not be recorded is refused when it is asked for, never at the freeze.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { Harness } from "./harness.ts";
import { program } from "./program.ts";
import { World } from "./world.ts";

describe("law 8: nothing is silent", () => {
  const requests: readonly [what: string, request: string, name: string][] = [
    ["a service that nobody knows", `env.session(c.session("Telepathy", {}))`, "Denied"],
    ["a service by the name of a core one", `env.session(c.session("RAM", {}))`, "Denied"],
    ["a service called __proto__", `env.session(c.session("__proto__", {}))`, "Denied"],
    ["a label that no encoding carries", `env.session(c.Rom, { label: "\\ud800" })`, "InvalidArgument"],
    [
      "a path that no encoding carries",
      `data.open("\\udfff", { write: true, create: true })`,
      "InvalidPath|InvalidArgument",
    ],
    ["a path out of its provider", `data.open("../x", { write: true, create: true })`, "InvalidPath"],
    ["a thread that no encoding carries", `env.cpu.thread("\\ud800", () => {})`, "InvalidArgument"],
    ["an opening mode of no kind", `data.open("a", { exclusive: true } as never)`, "InvalidArgument"],
    ["a dataspace of no size", `env.ram.alloc(NaN)`, "InvalidArgument"],
    [
      "a region at no address",
      `env.ram.alloc(1).then((d) => env.rm.attach(d, { at: 0.5 }))`,
      "InvalidArgument",
    ],
    ["a label as long as a book", `env.session(c.Rom, { label: "x".repeat(70_000) })`, "TooLarge"],
    ["arguments as long as a book", `env.session(c.Timer, { page: "x".repeat(70_000) })`, "TooLarge"],
    ["a thread with a name as long", `env.cpu.thread("x".repeat(70_000), () => {})`, "TooLarge"],
    ["a sleep without an end", `timer.sleep(Infinity)`, "InvalidArgument"],
    [
      "a file that is passed for a dataspace",
      `data.open("b", { write: true, create: true }).then((f) => env.rm.attach(f as never))`,
      "Closed",
    ],
  ];
  for (const [what, request, name] of requests)
    it(`law 8: ${what} is refused at the request, and the freeze succeeds`, async () => {
      const world = new World({ files: { data: {} } });
      const harness = Harness.boot(
        await program(`
          const log = await env.session(c.Log);
          const data = await env.session(c.FileSystem, { label: "data" });
          const timer = await env.session(c.Timer);
          await log.write(await ${request}.then(() => "granted", (error: Error) => error.name));
          await timer.sleep(10);
          await log.write("done");
        `),
        world,
      );
      await harness.run(() => true);
      expect(world.log[0]).match(new RegExp(`^(${name})$`));
      expect(world.log.slice(1)).deep.equal(["done"]);
      expect(world.ending).deep.equal({ kind: "exited", code: 0 });
    });

  it("law 8: arguments that an image could not hold do not get into one", async () => {
    const world = new World();
    const harness = Harness.boot(
      await program(`
        const log = await env.session(c.Log);
        await env.session(c.Timer, { odd: { deep: [1, "\\ud800", null, -0, 1e300] }, ["__proto__x"]: 1 });
        await log.write("asked");
        await (await env.session(c.Timer)).sleep(5);
      `),
      world,
    );
    await harness.run(() => true);
    expect(world.log).deep.equal(["asked"]);
    expect(world.ending).deep.equal({ kind: "exited", code: 0 });
    expect(E.isLeft(await harness.capture())).equal(true);
  });
});
