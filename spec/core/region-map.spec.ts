// Where regions lie, and how attachments of one dataspace are brought up to date.
import { expect } from "chai";
import * as fc from "fast-check";
import { DataspaceMemory } from "../../runtime/core/dataspace.ts";
import { RegionMap, type RegionObject } from "../../runtime/core/region-map.ts";

/** Bytes. */
const REGION_ALIGNMENT = 4096;
const FIRST = 0x1000_0000;

const attached = (
  map: RegionMap,
  dataspace: DataspaceMemory,
): { region: RegionObject; memory: Uint8Array } => {
  const region = map.attach(dataspace, map.place(dataspace.bytes, undefined)!);
  const memory = dataspace.content!.slice();
  region.memory = () => memory;
  return { region, memory };
};

describe("region map", () => {
  it("places at the lowest free address, in multiples of the alignment, and never over another", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(20_000), fc.option(fc.nat(12)), fc.boolean()), { maxLength: 30 }),
        (steps) => {
          const map = new RegionMap();
          let live: RegionObject[] = [];
          const end = ({ address, dataspace }: RegionObject): number =>
            address + Math.max(1, dataspace.bytes);
          for (const [bytes, slot, release] of steps) {
            const at = slot === null ? undefined : FIRST + slot * REGION_ALIGNMENT;
            const place = map.place(bytes, at);
            if (at !== undefined && place !== null) expect(place).equal(at);
            if (place === null) {
              expect(live.some((each) => each.address < at! + Math.max(1, bytes) + REGION_ALIGNMENT)).equal(
                true,
              );
              continue;
            }
            expect(place % REGION_ALIGNMENT).equal(0);
            for (const each of live) expect(place >= end(each) || place + bytes <= each.address).equal(true);
            const region = map.attach(new DataspaceMemory(bytes), place);
            if (release) void region.life?.release?.();
            else live = [...live, region];
          }
        },
      ),
    );
  });

  it("refuses addresses that are crooked, too low or too high", () => {
    const map = new RegionMap();
    for (const at of [1, FIRST + 1, FIRST - REGION_ALIGNMENT, 0x7fff_0000, -4096, 2 ** 40])
      expect(map.place(10, at), String(at)).equal(null);
    expect(map.place(0x7fff_0000 - FIRST, FIRST)).equal(FIRST);
    expect(map.place(0x7fff_0000 - FIRST + 1, undefined)).equal(null);
  });

  it("carries what one attachment changed into the others at the end of a turn", () => {
    const map = new RegionMap();
    const dataspace = new DataspaceMemory(16);
    const [a, b, c] = [attached(map, dataspace), attached(map, dataspace), attached(map, dataspace)];
    a.memory[1] = 7;
    b.memory[2] = 8;
    map.synchronise();
    for (const { memory } of [a, b, c]) expect([...memory.subarray(0, 4)]).deep.equal([0, 7, 8, 0]);
    expect([...dataspace.content!.subarray(0, 4)]).deep.equal([0, 7, 8, 0]);
  });

  it("carries nothing of a large dataspace before it is published, and a capture changes nothing", () => {
    const map = new RegionMap();
    const dataspace = new DataspaceMemory((1 << 20) + 1);
    const [a, b] = [attached(map, dataspace), attached(map, dataspace)];
    expect(map.holds(dataspace)).equal(true);
    a.memory[5] = 9;
    map.synchronise();
    expect(b.memory[5]).equal(0);
    expect(map.holds(dataspace), "the memory no longer tells the content").equal(false);
    void a.region.publish();
    expect([b.memory[5], dataspace.content![5], map.holds(dataspace)]).deep.equal([9, 9, true]);
  });

  it("gives the content back to the dataspace when the only attachment goes", () => {
    const map = new RegionMap();
    const dataspace = new DataspaceMemory(4);
    const { region, memory } = attached(map, dataspace);
    memory[0] = 3;
    region.life?.dismissed?.();
    void region.life?.release?.();
    expect(dataspace.content![0]).equal(3);
    expect(map.holds(dataspace)).equal(false);
  });
});
