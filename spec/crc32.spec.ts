// One checksum, however it is counted: by a table where there are few bytes, by Node where there are many.
import { expect } from "chai";
import { crc32 } from "../runtime/crc32.ts";

const CHECK = Buffer.from("123456789");

describe("the CRC-32", () => {
  it("of the check that everybody has is everybody's, and goes on from a seed", () => {
    expect(crc32(CHECK, 0)).to.equal(0xcbf43926);
    expect(crc32(CHECK.subarray(4), crc32(CHECK.subarray(0, 4), 0))).to.equal(0xcbf43926);
  });

  it("of any length is that of its parts, one after the other", () => {
    const bytes = Buffer.from(Array.from({ length: 200 }, (_, at) => (at * 37 + 11) & 0xff));
    for (let length = 0; length <= bytes.length; length++) {
      let parts = 0;
      for (let at = 0; at < length; at++) parts = crc32(bytes.subarray(at, at + 1), parts);
      expect(crc32(bytes.subarray(0, length), 0)).to.equal(parts);
    }
  });
});
