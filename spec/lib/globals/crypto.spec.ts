// The entropy part of WebCrypto.
import { expect } from "chai";
import { boot, type Guest } from "./guest.ts";

describe("crypto", () => {
  let guest: Guest;
  before(async () => {
    guest = await boot();
  });

  it("fills exactly the array it is given, and returns it", () => {
    guest.run("globalThis.all = new Uint8Array(64); globalThis.part = all.subarray(16, 48)");
    expect(guest.run("crypto.getRandomValues(part) === part")).to.equal(true);
    const bytes = guest.run("[...all]") as number[];
    expect(
      bytes
        .slice(0, 16)
        .concat(bytes.slice(48))
        .every((byte) => byte === 0),
    ).to.equal(true);
    expect(bytes.slice(16, 48).some((byte) => byte !== 0)).to.equal(true);
    expect(guest.run("crypto.getRandomValues(new BigUint64Array(4)).some((n) => n > 2n ** 32n)")).to.equal(
      true,
    );
    expect(guest.run("crypto.getRandomValues(new Int8Array(0)).length")).to.equal(0);
  });

  it("refuses floats, what is no array, and more than 65536 bytes", () => {
    const nameOf = (code: string): unknown =>
      guest.run(`try { crypto.getRandomValues(${code}) } catch (e) { e instanceof DOMException && e.name }`);
    for (const code of ["new Float64Array(1)", "[1]", "null", "new DataView(new ArrayBuffer(1))"])
      expect(nameOf(code)).to.equal("TypeMismatchError");
    expect(nameOf("new Uint8Array(65537)")).to.equal("QuotaExceededError");
    expect(guest.run("crypto.getRandomValues(new Uint8Array(65536)).length")).to.equal(65536);
  });

  it("makes UUIDs of version 4 that differ", () => {
    const ids = guest.run("Array.from({ length: 20 }, () => crypto.randomUUID())") as string[];
    expect(new Set(ids).size).to.equal(20);
    for (const id of ids)
      expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
