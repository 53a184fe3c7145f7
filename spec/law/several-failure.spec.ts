// Laws 4 and 7 for several children: a freeze or a revival that fails leaves all of them as they were; what a revival
// is not granted any more is denied by name, before anything has run.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { CAPTURE_STEPS, resume } from "../../runtime/checkpoint/capture.ts";
import { REVIVE_STEPS } from "../../runtime/checkpoint/revive.ts";
import {
  DEEDS,
  deedsOf,
  NAMES,
  neighbourhood,
  peerProgram,
  play,
  scriptsOf,
  shuffle,
  straight,
} from "./several/neighbourhood.ts";

describe("laws 4 and 7: several children", function () {
  this.timeout(180_000);
  let bytecode: Uint8Array;
  before(async () => {
    bytecode = await peerProgram();
  });

  const who = fc.constantFrom(...NAMES);

  it("law 7: a freeze that fails at any step, at any point, changes nothing for anybody", () =>
    fc.assert(
      fc.asyncProperty(
        scriptsOf(...DEEDS),
        fc.array(fc.tuple(fc.nat(150), who, fc.constantFrom(...CAPTURE_STEPS, "none")), { maxLength: 12 }),
        fc.integer(),
        async (scripts, failures, seed) => {
          const { deeds } = await straight(bytecode, scripts);
          const village = await neighbourhood(bytecode, scripts);
          try {
            shuffle(village, seed);
            await play(village, async (point) => {
              for (const [at, name, step] of failures) {
                if (at !== point) continue;
                const { harness } = village.at(name);
                const { ledger } = harness.domain;
                const captured = await harness.capture({
                  probe: (now) => (now === step ? "injected" : null),
                });
                // What others said meanwhile must not be lost.
                await village.quiet();
                if (step === "none") resume(harness.domain);
                else expect(captured).deep.equal(E.left({ tag: "Step", step, reason: "injected" }));
                expect(harness.domain.ledger, "the ledger").equal(ledger);
                await village.quiet();
              }
            });
            expect(deedsOf(village)).deep.equal(deeds);
          } finally {
            await village.close();
          }
        },
      ),
      { numRuns: 25 },
    ));

  it("law 7: fault 32: a revival that fails at any step is as if it had not been tried", () =>
    fc.assert(
      fc.asyncProperty(
        scriptsOf(...DEEDS),
        fc.array(fc.tuple(fc.nat(150), who, fc.constantFrom(...REVIVE_STEPS), fc.boolean()), {
          maxLength: 8,
        }),
        fc.integer(),
        async (scripts, failures, seed) => {
          const { deeds } = await straight(bytecode, scripts);
          const village = await neighbourhood(bytecode, scripts);
          try {
            shuffle(village, seed);
            await play(village, async (point) => {
              for (const [at, name, step, waits] of failures) {
                if (at !== point || village.at(name).state !== "live") continue;
                await village.freeze(name);
                const failed = await village.tryRevive(name, {
                  probe: (now) => (now === step ? "injected" : null),
                });
                expect(failed).deep.equal(E.left({ tag: "Step", step, reason: "injected" }));
                // The others may go on in between.
                if (waits) await village.advance();
                await village.revive(name);
              }
            });
            expect(deedsOf(village)).deep.equal(deeds);
          } finally {
            await village.close();
          }
        },
      ),
      { numRuns: 25 },
    ));

  it("law 4: a session that no route leads to any more is denied by name, and everything that is missing at once", () =>
    fc.assert(
      fc.asyncProperty(
        scriptsOf(...DEEDS),
        fc.nat(120),
        who,
        fc.subarray(NAMES),
        async (scripts, point, name, gone) => {
          const { deeds } = await straight(bytecode, scripts);
          const village = await neighbourhood(bytecode, scripts);
          try {
            await play(village, async (at) => {
              if (at !== point) return;
              await village.freeze(name);
              const held = Object.values(village.at(name).image!.snapshot.ledger.capabilities)
                .flatMap((record) =>
                  record.kind === "session" && record.service === "Peer" ? [record.label] : [],
                )
                .filter((label) => gone.includes(label));
              const all = village.at(name).world.spec.routes;
              const routes = all.filter(
                ({ service, label }) => service !== "Peer" || !gone.includes(label ?? ""),
              );
              const before = deedsOf(village);
              const refused = await village.tryRevive(name, { routes });
              // A request that was under way is made again, and denied to the component itself.
              if (held.length > 0)
                expect(refused).deep.equal(
                  E.left({
                    tag: "Refused",
                    missing: held.map((label) => ({
                      service: "Peer",
                      name: label,
                      error: { tag: "Denied", service: "Peer", label, reason: "no route matches" },
                    })),
                  }),
                );
              expect(deedsOf(village), "nothing has run").deep.equal(before);
              if (E.isRight(refused)) return village.freeze(name);
              await village.revive(name);
            });
            const after = deedsOf(village);
            for (const each of NAMES)
              if (each !== name) expect(after[each]!.other).deep.equal(deeds[each]!.other);
          } finally {
            await village.close();
          }
        },
      ),
      { numRuns: 15 },
    ));
});
