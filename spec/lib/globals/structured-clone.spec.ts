// structuredClone, by what arrives and by what is refused.
import { expect } from "chai";
import { boot, type Guest } from "./guest.ts";

describe("structuredClone", () => {
  let guest: Guest;
  before(async () => {
    guest = await boot();
  });

  const holds = (code: string): void => {
    expect(guest.run(`(() => { ${code} })()`), code).to.equal(true);
  };

  it("copies primitives, boxes, dates and patterns", () => {
    holds("return [1, -0, 'a', true, null, undefined, 5n].every((v) => Object.is(structuredClone(v), v))");
    holds(
      "const c = structuredClone([Object(1), Object('s'), Object(false), Object(2n)]); return c.every((b) => typeof b === 'object') && c[1] + c[3] === 's2'",
    );
    holds(
      "const d = new Date(7); const c = structuredClone(d); return c !== d && c instanceof Date && +c === 7",
    );
    holds("const c = structuredClone(/a(b)/gi); return c.source === 'a(b)' && c.flags === 'gi'");
  });

  it("copies collections, arrays with holes and objects, with their cycles and shared parts", () => {
    holds(
      "const o = { list: [1, , 3] }; o.self = o; o.m = new Map([[o, new Set([o.list])]]); const c = structuredClone(o);" +
        "return c !== o && c.self === c && c.m.get(c).has(c.list) && !(1 in c.list) && c.list.length === 3 && c.list !== o.list",
    );
    holds(
      "class A { x = 1; get y() { return 2 } }; const c = structuredClone(new A()); return Object.getPrototypeOf(c) === Object.prototype && Object.keys(c).join() === 'x'",
    );
    holds(
      "const c = structuredClone(JSON.parse('{\"__proto__\": 1}')); return Object.hasOwn(c, '__proto__')",
    );
  });

  it("copies bytes, once for all views of them", () => {
    holds(
      "const b = new ArrayBuffer(8); const c = structuredClone({ b, u: new Uint8Array(b, 2, 3), f: new Float32Array(b), d: new DataView(b, 4) });" +
        "return c.b !== b && c.u.buffer === c.b && c.f.buffer === c.b && c.d.buffer === c.b && c.u.byteOffset === 2 && c.u.length === 3 && c.d.byteLength === 4 && c.f instanceof Float32Array",
    );
    holds(
      "return structuredClone(new BigInt64Array([5n]))[0] === 5n && structuredClone(new Float16Array(1)).length === 1",
    );
  });

  it("copies errors of the language's classes", () => {
    holds(
      "const e = new RangeError('far', { cause: { why: 1 } }); e.extra = 1; const c = structuredClone(e);" +
        "return c instanceof RangeError && c.message === 'far' && c.stack === e.stack && c.cause.why === 1 && c.cause !== e.cause && !('extra' in c)",
    );
    holds(
      "class Own extends TypeError {}; const c = structuredClone(new Own('x')); return c instanceof TypeError && !(c instanceof Own)",
    );
    holds(
      "const c = structuredClone(new DOMException('m', 'AbortError')); return c instanceof DOMException && c.name === 'AbortError'",
    );
  });

  for (const value of [
    "() => {}",
    "Symbol('s')",
    "{ a: { b() {} } }",
    "new WeakMap()",
    "Promise.resolve()",
    "new Map([[Symbol(), 1]])",
    "(function* () {})()",
    "Object(Symbol())",
  ])
    it(`refuses ${value}`, () => {
      expect(
        guest.run(`try { structuredClone(${value}) } catch (e) { e instanceof DOMException && e.name }`),
      ).to.equal("DataCloneError");
    });

  it("moves the buffers that are to be transferred", () => {
    holds(
      "const b = Uint8Array.of(1, 2).buffer; const v = new Uint8Array(b); const c = structuredClone({ v }, { transfer: [b] });" +
        "return b.byteLength === 0 && v.length === 0 && c.v.join() === '1,2'",
    );
  });

  it("moves nothing when it fails", () => {
    holds(
      "const b = new ArrayBuffer(2); try { structuredClone([b, () => {}], { transfer: [b] }) } catch { return b.byteLength === 2 }",
    );
    holds(
      "const b = new ArrayBuffer(2); try { structuredClone(b, { transfer: [b, b] }) } catch (e) { return e.name === 'DataCloneError' && b.byteLength === 2 }",
    );
    holds("try { structuredClone(1, { transfer: [{}] }) } catch (e) { return e.name === 'DataCloneError' }");
  });
});
