// Law 6 for several children: capabilities are charged to whoever holds them, whoever of them passes them on, takes
// them back, is frozen, or dies; when all that was passed is given up, nothing is left of it anywhere.
import { expect } from "chai";
import * as fc from "fast-check";
import { usedBy } from "../../runtime/intercept/ledger.ts";
import { inhabitant } from "../domain/square.ts";
import { Village } from "../domain/village.ts";
import { OPEN_ROUTES } from "../domain/world.ts";
import { shuffle } from "./several/neighbourhood.ts";

const NAMES = ["a", "b", "c"];
const CAPS = 24;

/** Holds, passes on, revokes and gives up as its script says, and in the end gives up all. */
const HOLDER = `
  const { name, others, script } = await env.config<any>();
  const timer = await env.session(c.Timer);
  const Holder = c.session("Holder", {
    take: c.method({ args: t.tuple([c.capability(Listener)]), result: t.number }),
    give: c.method({ args: t.tuple([]), result: t.type({ listener: c.capability(Listener) }) }),
    back: c.method({ args: t.tuple([t.number]), result: t.type({ listener: c.capability(Listener) }) }),
    use: c.method({ args: t.tuple([t.number]), result: t.string }),
  });
  let held: any[] = [];
  const made: any[] = [];
  const make = () => { const one = { heard: async (text: string) => name + text }; made.push(one); return one; };
  await env.announce(Holder, () => ({
    take: async (listener) => held.push(listener),
    give: async () => ({ listener: make() }),
    back: async (n) => ({ listener: held.length === 0 ? make() : held[n % held.length] }),
    use: async (n) => (held.length === 0 ? "none" : await said(held[n % held.length].heard("!"))),
  }));
  const sessions: any[] = [];
  for (const other of others) sessions.push(await env.session(Holder, { label: other }));
  const deeds: Record<string, (a: number, b: number) => unknown> = {
    take: (a) => sessions[a % 2].take(make()),
    pass: (a, b) => held.length > 0 && sessions[a % 2].take(held[b % held.length]),
    give: async (a) => void held.push((await sessions[a % 2].give()).listener),
    back: async (a, b) => void held.push((await sessions[a % 2].back(b)).listener),
    use: (a, b) => sessions[a % 2].use(b),
    call: (a) => held.length > 0 && held[a % held.length].heard("?"),
    drop: (a) => void held.splice(a % (held.length || 1), 1),
    close: async (a) => void (await held.splice(a % (held.length || 1), 1)[0]?.close()),
    revoke: (a) => made.length > 0 && env.revoke(made[a % made.length]),
    bad: (a) => sessions[a % 2].take(make(), make()),
    rest: (a) => timer.sleep(a % 3),
  };
  for (const [deed, a, b] of script)
    try { await deeds[deed]!(a, b); } catch (error) { console.log((error as Error).name); }
  console.log("done");
  await timer.sleep(1000);
  held = [];
  for (const session of sessions) await session.close();
  console.log("closed");
`;

const scripts = fc.array(
  fc.array(
    fc.tuple(
      fc.constantFrom(
        ..."take take pass pass give give back back use call call drop close revoke bad rest".split(" "),
      ),
      fc.nat(20),
      fc.nat(20),
    ),
    { maxLength: 14 },
  ),
  { minLength: 3, maxLength: 3 },
);

describe("law 6: several children", function () {
  this.timeout(120_000);

  it("law 6: capabilities are conserved through delegation, revocation, freezes and deaths", () =>
    fc.assert(
      fc.asyncProperty(
        scripts,
        fc.array(fc.tuple(fc.nat(150), fc.constantFrom(...NAMES), fc.integer({ min: 0, max: 4 })), {
          maxLength: 5,
        }),
        fc.integer(),
        async (all, events, seed) => {
          const village = new Village();
          const bytecode = await inhabitant(HOLDER);
          try {
            shuffle(village, seed);
            for (const [i, name] of NAMES.entries()) {
              const others = NAMES.filter((each) => each !== name);
              await village.start(name, bytecode, {
                config: { name, others, script: all[i] },
                routes: [
                  ...others.map((each) => ({ service: "Holder", label: each, child: each })),
                  ...OPEN_ROUTES,
                ],
                quota: { ram: 16 << 20, caps: CAPS },
              });
            }
            for (let point = 0; point < 3000; point++) {
              for (const [at, name, what] of events) {
                if (at !== point || village.at(name).state !== "live") continue;
                if (what === 0) await village.kill(name);
                else {
                  await village.freeze(name);
                  // What was taken back meanwhile is denied, and it stays where it is.
                  await village.tryRevive(name);
                }
              }
              for (const { name, harness } of village.live) {
                const { domain } = harness;
                if (domain.state !== "running") continue;
                const { quota, used } = domain.caps();
                expect(quota, `${name}'s quota`).equal(CAPS);
                expect(used, `${name} has no more than that`).most(CAPS);
                expect(used, `${name}'s ledger says what is used`).least(usedBy(domain.ledger).caps);
              }
              if (!(await village.advance())) break;
            }
            for (const { name } of [...village.villagers.values()].filter(({ state }) => state === "frozen"))
              await village.start(name, await inhabitant("await env.session(c.Timer);"));
            for (let point = 0; point < 500 && (await village.advance()); point++);
            for (const { name, harness, world } of village.live) {
              if (!world.log.includes("closed")) continue;
              const { domain } = harness;
              expect(domain.caps().used, `${name} holds its Timer`).equal(1);
              expect(domain.services()?.served ?? [], `${name} serves nobody`).deep.equal([]);
              expect(domain.services()?.offers ?? [], `${name} has handed out nothing`).deep.equal([]);
            }
            for (const { name } of village.live) await village.kill(name);
            expect(village.broker.links, "links left").equal(0);
          } finally {
            await village.close();
          }
        },
      ),
      { numRuns: 40 },
    ));
});
