// URL and URLSearchParams against Node's own.
import { expect } from "chai";
import * as fc from "fast-check";
import { boot, inNode, type Guest } from "./guest.ts";

describe("URL", () => {
  let guest: Guest;
  before(async () => {
    guest = await boot();
  });
  const same = (code: string): void => {
    const asText = `escape(JSON.stringify(${code}))`;
    expect(guest.run(asText)).to.equal(inNode(asText));
  };

  it("has the parts of what it parsed", () => {
    for (const name of [
      "href",
      "origin",
      "protocol",
      "username",
      "password",
      "host",
      "hostname",
      "port",
      "pathname",
      "search",
      "hash",
    ])
      same(`new URL("../x?a=b#c", "https://u:p@Example.org:81/d/e/").${name}`);
    same("JSON.stringify({ url: new URL('http://a/') }) + new URL('http://a')");
  });

  it("throws TypeError for what is no URL, and says so without throwing", () => {
    expect(() => guest.run("new URL('nowhere')")).to.throw("TypeError: Invalid URL: nowhere");
    same("[URL.canParse('nowhere'), URL.canParse('x', 'http://a'), URL.canParse('http://a')]");
    expect(guest.run("[URL.parse('nowhere'), URL.parse('/b', 'http://a').href]")).to.deep.equal([
      null,
      "http://a/b",
    ]);
  });

  it("takes new parts, and ignores those it can't have", () => {
    for (const [name, value] of Object.entries({
      protocol: "http",
      username: "ü",
      password: "p",
      host: "b:9",
      hostname: "c",
      port: "x",
      pathname: "a b",
      search: "q=ü",
      hash: "h",
      href: "http://d/",
    }))
      same(
        `(() => { const url = new URL("https://a/x?y#z"); url.${name} = ${JSON.stringify(value)}; return url.href })()`,
      );
    expect(() => guest.run("new URL('http://a').href = 'x'")).to.throw("TypeError");
  });

  it("is tied to its searchParams both ways", () => {
    same(`(() => {
      const url = new URL("http://a/?x=1&y=2#h");
      const { searchParams } = url;
      const seen = [searchParams === url.searchParams];
      searchParams.append("z", "ü &=+");
      seen.push(url.href);
      url.search = "?n=5";
      seen.push([...searchParams]);
      searchParams.delete("n");
      seen.push(url.href, url.search);
      url.href = "http://b/?m=1";
      seen.push(searchParams.get("m"));
      searchParams.set("m", "2");
      return [...seen, url.href];
    })()`);
  });
});

describe("URLSearchParams", () => {
  let guest: Guest;
  before(async () => {
    guest = await boot();
  });
  const same = (code: string): void => {
    const asText = `escape(JSON.stringify(${code}))`;
    expect(guest.run(asText)).to.equal(inNode(asText));
  };

  it("is made from text, pairs, records and its own kind", () => {
    for (const init of [
      "'?a=1&b=2&a=3'",
      "[['a', 1], ['b', 2]]",
      "{ a: 1, b: undefined }",
      "new URLSearchParams('x=1')",
      "",
      "null",
      "'?'",
      "''",
      "5",
    ])
      same(`new URLSearchParams(${init}).toString()`);
    expect(() => guest.run("new URLSearchParams([['a']])")).to.throw("TypeError");
  });

  it("parses any text as Node does", () => {
    const pieces = fc.constantFrom(
      ..."& = + % %20 %C3%A9 %E4 %e4%b8 %2 a %00 %EF%BB%BF %F0%9F%98%80".split(" "),
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        same(`[...new URLSearchParams(${JSON.stringify(parts.join(""))})]`);
      }),
    );
  });

  it("decodes escapes beside characters that need none", () => {
    expect(guest.run("[...new URLSearchParams('%e4\u{1F600}é%C3%A9=%')]")).to.deep.equal([
      ["\uFFFD\u{1F600}éé", "%"],
    ]);
  });

  it("serialises any pairs as Node does", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string()), { maxLength: 4 }),
        (pairs) => {
          same(`new URLSearchParams(${JSON.stringify(pairs)}).toString()`);
        },
      ),
    );
    same("new URLSearchParams([['\\uD800', \"!'()~*-._ \"]]).toString()");
  });

  it("has its methods", () => {
    const start = "const p = new URLSearchParams('b=1&a=2&b=3&c=');";
    for (const use of [
      "return [p.size, p.get('b'), p.get('z'), p.getAll('b'), p.has('b'), p.has('b', '3'), p.has('b', '4')]",
      "p.set('b', 9); p.set('n', 1); return String(p)",
      "p.delete('b'); return String(p)",
      "p.delete('b', '3'); return String(p)",
      "p.append('b', 4); p.sort(); return String(p)",
      "return [[...p.keys()], [...p.values()], [...p.entries()], [...p]]",
      "const seen = []; p.forEach((value, name, all) => seen.push([value, name, all === p])); return seen",
    ])
      same(`(() => { ${start} ${use} })()`);
  });
});
