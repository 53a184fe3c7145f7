// Calls that no component makes: malformed, oversized, forged, written into the outbox at random.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { File } from "../../lib/session/file-system.ts";
import { Parent } from "../../lib/session/parent.ts";
import { capture } from "../../runtime/checkpoint/capture.ts";
import { serviceContract } from "../../runtime/core/services.ts";
import { Ledger } from "../../runtime/intercept/ledger.ts";
import { quiet } from "./harness.ts";
import { hostileDomain, type Deed, type Script } from "./hostile-guest.ts";
import { World } from "./world.ts";

const SERVICES = ["LOG", "Timer", "ROM", "Report", "File_system", "Gate"];

const request = fc.record({
  service: fc.constantFrom(...SERVICES, "Parent", "CPU", "", "__proto__"),
  label: fc.constantFrom("data", "line", "input", "", "config", "\ud800", "x".repeat(3000)),
});

/** Argument lists as text, from right to absurd. */
const argument = fc.oneof(
  request.map((each) => {
    const contract = serviceContract(each.service);
    const interfaces = (contract === undefined ? [] : [contract, File]).map(({ service, methods }) => [
      service,
      Object.keys(methods),
    ]);
    return JSON.stringify([{ ...each, interfaces }]);
  }),
  fc.constantFrom(
    '["a.txt",{"write":true,"create":true}]',
    '["a.txt"]',
    "[4096]",
    "[17]",
    "[18,{}]",
    '[18,{"at":536870912}]',
    '["parent",1000]',
    '["parent",{"ram":5,"caps":1}]',
    '["parent",{"__proto__":1}]',
    '["thread"]',
    "[]",
    "[null]",
    "[-1]",
    "[1e300]",
    '[{"\\u0000":0}]',
    '[{"\\u0000":99}]',
    "{",
    "",
    "[".repeat(2000),
    "text",
  ),
  fc.json(),
  fc.string({ maxLength: 20, unit: "binary" }),
);

const nasty = fc.constantFrom(-1, -(2 ** 31), 2 ** 31 - 1, 0xffff, 131072, 7, 100_000);
const word = (...values: fc.Arbitrary<number>[]): fc.Arbitrary<number> =>
  fc.oneof({ weight: 12, arbitrary: fc.oneof(...values) }, { weight: 1, arbitrary: nasty });

const record: fc.Arbitrary<Deed> = fc
  .tuple(
    word(fc.nat(6)),
    word(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 16, max: 20 })),
    fc.tuple(
      word(fc.nat(9)),
      fc.oneof({ weight: 6, arbitrary: fc.constant(4) }, { weight: 4, arbitrary: fc.nat(7) }),
    ),
    word(fc.constant(0), fc.constant(0), fc.integer({ min: 16, max: 20 })),
    word(fc.constant(0), fc.integer({ min: 16, max: 22 })),
    word(fc.constant(0), fc.nat(3)),
    fc.array(fc.integer(), { maxLength: 4 }),
  )
  .map(([slot, selector, [method, form], thread, fresh, length, payload]) => [
    "record",
    [slot, selector, (method & 0xffff) | (form << 16), length, thread, fresh, 0, 0, ...payload],
  ]);

const beside = (deed: fc.Arbitrary<Deed>): fc.Arbitrary<readonly Deed[]> => fc.tuple(deed, record);

const call: fc.Arbitrary<readonly Deed[]> = fc.oneof(
  { weight: 10, arbitrary: beside(argument.map((text): Deed => ["text", text])) },
  { weight: 2, arbitrary: record.map((made) => [made]) },
  { weight: 1, arbitrary: beside(fc.nat(200_000).map((length): Deed => ["bytes", length])) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(40_000), fc.integer()).map(([at, value]): Deed[] => [["word", at, value]]),
  },
  { weight: 1, arbitrary: fc.constant<readonly Deed[]>([["flush"]]) },
);

const script: fc.Arbitrary<Script> = fc.array(
  fc.array(call, { maxLength: 6 }).map((calls) => calls.flat()),
  { minLength: 1, maxLength: 6 },
);

describe("hostile calls", () => {
  it("are made: a guest does what its script says", async () => {
    const world = new World();
    const domain = hostileDomain(world, [
      [
        ["text", "[7]"],
        ["record", [0, 0, Object.keys(Parent.methods).indexOf("exit") | (4 << 16), 0, 0, 0, 0, 0]],
      ],
    ]);
    while (!domain.idle) domain.step();
    await quiet();
    expect(world.ending).deep.equal({ kind: "exited", code: 7 });
    await domain.release();
  });

  it("fault 42: whatever stands in the outbox, it is answered, or the child faults; nothing else happens", async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(script, async (turns) => {
        const world = new World({ files: { data: {} }, gates: ["line"], roms: { input: "x" } });
        const domain = hostileDomain(world, turns);
        for (let point = 0; point < 30 && domain.state === "running"; point++) {
          if (domain.idle) {
            if (!world.clock.next()) break;
          } else domain.step();
          await quiet();
          expect(Ledger.is(domain.ledger), "a ledger").equal(true);
          const { quota, used } = domain.caps();
          expect(used).most(quota);
        }
        if (domain.state === "running") {
          const captured = await capture(domain, { deadline: 0, into: (bytes) => new Uint8Array(bytes) });
          expect(E.isRight(captured) ? "frozen" : JSON.stringify(captured.left)).match(
            /^frozen$|"Ended"|"Deadline"/,
          );
        }
        await domain.release();
        while (world.clock.next());
        const gate = await world.gates.get("line")!.open(null);
        expect(E.isRight(gate), "the gate is free again").equal(true);
        expect(
          Object.keys(world.outputs().files["data"]!).every((path) => /^(a\.txt|\[|[^/])/.test(path)),
        ).equal(true);
      }),
      { numRuns: 250 },
    );
  });
});
