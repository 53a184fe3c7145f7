// `console`: what its text looks like, and that a component without a LOG route merely loses it.
import { expect } from "chai";
import { boot, type Guest } from "./guest.ts";

describe("console", () => {
  let guest: Guest;
  beforeEach(async () => {
    guest = await boot();
  });

  const logged = (code: string): string => {
    guest.run(`console.log(${code})`);
    return guest.log.at(-1)!;
  };

  it("writes one entry a call to the ambient LOG session", () => {
    for (const level of ["log", "info", "warn", "error", "debug"])
      guest.run(`console.${level}("${level}", 1)`);
    expect(guest.log).to.deep.equal(["log 1", "info 1", "warn 1", "error 1", "debug 1"]);
    expect(logged("")).to.equal("");
  });

  it("prints strings bare at the top and quoted inside", () => {
    expect(logged(`"a", ["a", "it's", 'both \\' and "', "line\\n"]`)).to.equal(
      `a [ 'a', "it's", 'both \\' and "', 'line\\n' ]`,
    );
  });

  it("prints primitives as they are written", () => {
    expect(logged("1, -0, 5n, true, null, undefined, Symbol('s'), NaN")).to.equal(
      "1 -0 5n true null undefined Symbol(s) NaN",
    );
  });

  it("prints objects by class, three levels down", () => {
    expect(logged("{ a: { b: { c: { d: {} } } } }")).to.equal("{ a: { b: { c: { d: [Object] } } } }");
    expect(logged("new (class Point { x = 1 })")).to.equal("Point { x: 1 }");
    expect(logged("Object.create(null)")).to.equal("[Object: null prototype] {}");
    expect(logged("{ 'a-b': 1, [Symbol('s')]: 2, get g() { throw 1 }, set s(v) {} }")).to.equal(
      "{ 'a-b': 1, g: [Getter], s: [Setter], [Symbol(s)]: 2 }",
    );
    expect(logged("class A {}, class B extends Array {}, () => 1, function f() {}")).to.equal(
      "[class A] [class B extends Array] [Function (anonymous)] [Function: f]",
    );
  });

  it("prints collections, arrays with holes, and bytes", () => {
    expect(logged("new Map([[1, { a: 2 }]]), new Set(['x'])")).to.equal(
      "Map(1) { 1 => { a: 2 } } Set(1) { 'x' }",
    );
    expect(logged("[1, , , 2], [], new Uint8Array(2), new Float64Array([0.5])")).to.equal(
      "[ 1, <2 empty items>, 2 ] [] Uint8Array(2) [ 0, 0 ] Float64Array(1) [ 0.5 ]",
    );
    expect(logged("'ab'.match(/b/)")).to.equal("[ 'b', index: 1, input: 'ab', groups: undefined ]");
    expect(logged("new ArrayBuffer(4), new Date(0), /x/g, new Number(1), Object('s')")).to.equal(
      "ArrayBuffer { byteLength: 4 } 1970-01-01T00:00:00.000Z /x/g [Number: 1] [String: 's']",
    );
  });

  it("shows the first hundred items and breaks long lines", () => {
    const lines = logged("Array.from({ length: 120 }, (_, n) => n)").split("\n");
    expect(lines.at(0)).to.equal("[");
    expect(lines.at(1)).to.match(/^ {2}0, 1, 2, /);
    expect(lines.at(-2)).to.match(/ 99, \.\.\. 20 more items$/);
    expect(logged("{ a: 'x'.repeat(40), b: 'y'.repeat(40) }")).to.equal(
      `{\n  a: '${"x".repeat(40)}',\n  b: '${"y".repeat(40)}'\n}`,
    );
    expect(logged("new Array(2 ** 32 - 1)")).to.equal("[ <100 empty items>, ... 4294967195 more items ]");
  });

  it("survives cycles, proxies and impostors", () => {
    guest.run("globalThis.o = { a: [] }; o.a.push(o)");
    expect(logged("o")).to.equal("{ a: [ [Circular] ] }");
    expect(logged("Object.create(Map.prototype)")).to.equal("[Object]");
    expect(logged("(() => { const p = Proxy.revocable({}, {}); p.revoke(); return p.proxy })()")).to.equal(
      "[Object]",
    );
  });

  it("prints errors with their stack, cause and own properties", () => {
    expect(logged("new RangeError('far')")).to.match(/^RangeError: far\n {4}at .*test\.js:1:\d+\)$/);
    expect(logged("Object.assign(new Error('x'), { code: 7 })")).to.match(
      /^Error: x\n.*\{\n {2}code: 7\n\}$/s,
    );
    expect(logged("new Error('x', { cause: new TypeError('y') })")).to.match(/\[cause\]: TypeError: y\n/);
    expect(logged("new AggregateError([new TypeError('t')], 'all')")).to.match(
      /^AggregateError: all\n.*\[errors\]: \[/s,
    );
    expect(logged("new DOMException('m', 'AbortError')")).to.match(/^AbortError: m\n/);
    expect(logged("new (class Odd extends Error {})('x')")).to.match(/^Odd: x\n/);
  });

  it("lets an object show itself", () => {
    expect(logged("{ [Symbol.for('nodejs.util.inspect.custom')]: () => 'mine' }")).to.equal("mine");
    expect(logged("new URL('https://a.b/?x=1').searchParams")).to.equal("URLSearchParams { 'x' => '1' }");
    expect(logged("new URL('https://a.b/')")).to.match(/^URL \{\n {2}href: 'https:\/\/a\.b\/',\n/);
  });

  it("fills in %s and the like", () => {
    expect(
      logged(
        "'%s is %d, %i, %f, %j, %o, %O, %% %c.', 'x', '4', 4.7, '1.5', { a: 1 }, [1], { b: 2 }, 'css', 'rest'",
      ),
    ).to.equal(`x is 4, 4, 1.5, {"a":1}, [ 1 ], { b: 2 }, % . rest`);
    expect(logged("'%s %s', 1")).to.equal("1 %s");
    expect(logged("'100%', 1")).to.equal("100% 1");
    expect(logged("'%d %i %d %s', 5n, 6n, Symbol(), new Error('e')")).to.equal("5n 6n NaN Error: e");
  });

  it("has dir, trace, assert and groups", () => {
    guest.run("console.dir({ a: { b: { c: {} } } }, { depth: 0 })");
    guest.run("console.trace('here')");
    guest.run("console.assert(true, 'no'); console.assert(false, '%d left', 3); console.assert(0)");
    guest.run(
      "console.group('outer'); console.log('in\\nner'); console.groupEnd(); console.groupEnd(); console.log('out')",
    );
    expect(guest.log.slice(0, 1)).to.deep.equal(["{ a: [Object] }"]);
    expect(guest.log[1]).to.match(/^Trace: here\n {4}at .*test\.js/);
    expect(guest.log.slice(2)).to.deep.equal([
      "Assertion failed: 3 left",
      "Assertion failed",
      "outer",
      "  in\n  ner",
      "out",
    ]);
  });

  it("loses its text without a LOG route, and nothing else", async () => {
    const mute = await boot({ denied: { tag: "Denied", service: "LOG", label: "" } });
    mute.run("console.log('lost')");
    expect(mute.unhandled()).to.deep.equal([]);
  });
});
