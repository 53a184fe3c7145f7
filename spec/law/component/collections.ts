// Map, Set, WeakMap, WeakRef, typed arrays, regular expressions with state, Proxy, structuredClone and Intl-free text.
import { component, Log, Timer } from "cryonode";

export default component(async (env) => {
  const log = await env.session(Log);
  const timer = await env.session(Timer);
  const map = new Map<unknown, unknown>([
    [NaN, "nan"],
    [-0, "zero"],
  ]);
  const set = new Set<string>();
  const weak = new WeakMap<object, number>();
  const key = { name: "key" };
  const ref = new WeakRef(key);
  weak.set(key, 41);
  const pattern = /(?<word>\w+)\s*/gy;
  const text = "one two three four";
  const words = new Float64Array([0.1, 0.2, NaN]);
  const view = new DataView(new ArrayBuffer(8));
  const reads: string[] = [];
  const watched = new Proxy(
    { a: 1, b: 2 },
    {
      get(target, name, receiver): unknown {
        reads.push(String(name));
        return Reflect.get(target, name, receiver);
      },
    },
  );

  const iterator = map.entries();
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const word = match.groups?.["word"] ?? "";
    set.add(word);
    map.set(word, set.size);
    await timer.sleep(1);
    await log.write(`${word} ends at ${pattern.lastIndex}`);
    const entry = iterator.next();
    await log.write(entry.done === true ? "done" : entry.value.map(String).join("="));
  }
  view.setFloat64(0, watched.a + watched.b);
  const loop: { self?: unknown; when: Date; map: Map<unknown, unknown>; bytes: Float64Array } = {
    when: new Date(86_400_000),
    map,
    bytes: words,
  };
  loop.self = loop;
  const clone = structuredClone(loop);
  await timer.sleep(1);
  await log.write(
    `${clone.self === clone} ${clone.when.toISOString()} ${clone.map.size} ${clone.bytes.join()}`,
  );
  await log.write(`${reads.join()} ${view.getUint8(1)} ${weak.get(key)} ${ref.deref()?.name}`);
  await log.write([...set].sort().toReversed().join() + JSON.stringify(Object.fromEntries(map)));
});
