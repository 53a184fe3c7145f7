// Generators, async generators, their delegation, and finally blocks left by return and throw around awaits.
import { component, Log, Timer } from "cryonode";

function* fibonacci(): Generator<number, string, number | undefined> {
  let [a, b] = [0, 1];
  for (;;) {
    const jump = yield a;
    if (jump !== undefined && jump < 0) return `stopped at ${a}`;
    for (let i = 0; i < (jump ?? 1); i++) [a, b] = [b, a + b];
  }
}

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const trace: string[] = [];

  async function* ticks(name: string, count: number): AsyncGenerator<string, number, void> {
    try {
      for (let i = 0; i < count; i++) {
        await timer.sleep(2);
        yield `${name}${i}`;
      }
      return count;
    } finally {
      await log.write(`${name} cleans up`);
      await timer.sleep(1);
      trace.push(name);
    }
  }
  async function* both(): AsyncGenerator<string, void, void> {
    const first = yield* ticks("a", 2);
    yield `after ${first}`;
    yield* ticks("b", 5);
  }

  const numbers = fibonacci();
  numbers.next();
  await log.write(String(numbers.next(5).value));
  for await (const tick of both()) {
    await log.write(`${tick} ${String(numbers.next(2).value)}`);
    if (tick === "b1") break;
  }
  await log.write(String(numbers.next(-1).value));

  const fails = async (depth: number): Promise<string> => {
    try {
      await timer.sleep(1);
      if (depth === 0) throw new RangeError("bottom");
      return await fails(depth - 1);
    } catch (error) {
      await log.write(`${depth}: ${String(error)}`);
      throw new Error(`at ${depth}`, { cause: error });
    } finally {
      await timer.sleep(1);
      trace.push(`finally ${depth}`);
    }
  };
  try {
    await fails(2);
  } catch (error) {
    let chain = "";
    for (let at: unknown = error; at instanceof Error; at = at.cause) chain += `${at.message} < `;
    await log.write(chain);
  }
  const stack = new TypeError("with a stack").stack ?? "";
  await timer.sleep(1);
  await log.write(stack.split("\n").length > 1 ? stack : "no stack");
  await log.write(trace.join(","));
});
