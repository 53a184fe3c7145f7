// Two children that hold objects of each other: in whatever order they are frozen and come back, each finds the other's
// at the selector where it left it.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { onSquare } from "../domain/square.ts";

/** Each gives the other an object of its own, and they call these in turn. */
const PARTNER = (name: string, other: string): string => `
  const timer = await env.session(c.Timer);
  const Partner = c.session("Partner", {
    meet: c.method({ args: t.tuple([c.capability(Listener)]), result: t.type({ listener: c.capability(Listener) }) }),
  });
  let theirs: any = null;
  let n = 0;
  const mine = { heard: async (text: string) => "${name}" + ++n + text };
  await env.announce(Partner, () => ({ meet: async (listener) => { theirs = listener; return { listener: mine }; } }));
  ${
    name < other
      ? `const partner = await env.session(Partner);
         ({ listener: theirs } = await partner.meet(mine));`
      : "while (theirs === null) await timer.sleep(1);"
  }
  for (let i = 0; i < 6; i++) {
    console.log(await said(theirs.heard("!")));
    await timer.sleep(2);
  }
  console.log("done");
`;

const SEEN = {
  a: ["got b1!", "got b2!", "got b3!", "got b4!", "got b5!", "got b6!", "done"],
  b: ["got a1!", "got a2!", "got a3!", "got a4!", "got a5!", "got a6!", "done"],
};

const byNumber = (a: number, b: number): number => a - b;

describe("host: capabilities in a circle", () => {
  it("fault 31: A holds B's object and B holds A's: frozen and revived in any order, on this host or another", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            at: fc.nat(60),
            who: fc.shuffledSubarray(["a", "b"], { minLength: 1 }),
            back: fc.shuffledSubarray(["a", "b"], { minLength: 2 }),
            elsewhere: fc.boolean(),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        async (cuts) =>
          onSquare(async ({ start, village }) => {
            const routes = (child: string) => [
              { service: "Partner", child },
              { service: "LOG" },
              { service: "Timer" },
            ];
            await start("a", PARTNER("a", "b"), { routes: routes("b") });
            await start("b", PARTNER("b", "a"), { routes: routes("a") });
            for (let point = 0; point < 2000; point++) {
              for (const { at, who, back, elsewhere } of cuts) {
                if (at !== point) continue;
                if (elsewhere) {
                  await village.moveHouse(back);
                  continue;
                }
                const before = who.map((name) => [...village.at(name).harness.domain.capabilities.keys()]);
                for (const name of who) await village.freeze(name);
                for (const name of back) if (who.includes(name)) await village.revive(name);
                expect(
                  who.map((name) => [...village.at(name).harness.domain.capabilities.keys()].sort(byNumber)),
                ).deep.equal(before.map((selectors) => selectors.sort(byNumber)));
              }
              if (!(await village.advance())) break;
            }
            expect({ a: village.at("a").world.log, b: village.at("b").world.log }).deep.equal(SEEN);
          })(),
      ),
      { numRuns: 25 },
    ));

  it(
    "fault 31: one of them is gone: the other is refused by name, and can be revived when nothing is asked of it any more",
    onSquare(async ({ start, village, until }) => {
      const routes = (child: string) => [
        { service: "Partner", child },
        { service: "LOG" },
        { service: "Timer" },
      ];
      await start("a", PARTNER("a", "b"), { routes: routes("b") });
      await start("b", PARTNER("b", "a"), { routes: routes("a") });
      await until("b", "got a2!");
      await village.freeze("b");
      await village.kill("a");
      const refused = await village.tryRevive("b");
      expect(refused).deep.equal(
        E.left({
          tag: "Refused",
          missing: [
            {
              service: "Listener",
              name: "from a",
              error: {
                tag: "Denied",
                service: "Listener",
                label: "",
                reason: "a, which handed it over, has ended",
              },
            },
          ],
        }),
      );
    }),
  );
});
