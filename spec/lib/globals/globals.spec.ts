// Which names a component sees, and what they cost it.
import { expect } from "chai";
import { boot, type Guest } from "./guest.ts";

const GIVEN = [
  "TextDecoder",
  "TextEncoder",
  "URL",
  "URLSearchParams",
  "atob",
  "btoa",
  "clearImmediate",
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "performance",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
  "structuredClone",
];

describe("the global object", () => {
  let guest: Guest;
  before(async () => {
    guest = await boot();
  });

  for (const name of GIVEN)
    it(`has ${name}, to be replaced but not listed`, () => {
      expect(
        guest.run(`(({ value, ...how }) => how)(Object.getOwnPropertyDescriptor(globalThis, "${name}"))`),
      ).to.deep.equal({ writable: true, enumerable: false, configurable: true });
    });

  it("gives classes and functions the names they go by", () => {
    expect(
      guest.run("[TextDecoder, TextEncoder, URL, URLSearchParams, structuredClone].map((each) => each.name)"),
    ).to.deep.equal(["TextDecoder", "TextEncoder", "URL", "URLSearchParams", "structuredClone"]);
  });

  it("has nothing that reaches outside", () => {
    for (const name of [
      "fetch",
      "process",
      "require",
      "Buffer",
      "WebSocket",
      "Worker",
      "std",
      "os",
      "__host",
      "WebAssembly",
    ])
      expect(guest.run(`typeof ${name}`), name).to.equal("undefined");
  });

  it("takes less than 345 kB of heap with all of the library", () => {
    expect(guest.heap).to.be.below(345_000);
  });
});
