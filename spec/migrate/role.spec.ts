// Every command and every event in every state: what it leads to, or that it is refused by name and changes nothing.
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import {
  COMMANDS,
  EVENTS,
  FIRST_PHASE,
  follow,
  PHASE_NAMES,
  roleOf,
  type Phase,
  type Role,
} from "../../runtime/migrate/role.ts";

/** The protocol's own table, written down a second time: by phase, its role and what is accepted there. */
const TABLE: Readonly<Record<Phase, readonly [Role, Readonly<Record<string, Phase>>]>> = {
  empty: ["MigSink", { initialize: "booting", receive: "receiving" }],
  booting: ["MigSink", { begun: "populated", failed: "empty" }],
  receiving: ["MigSink", { staged: "prepared", abandoned: "empty" }],
  prepared: ["MigSink", { activated: "populated", abandoned: "empty" }],
  populated: ["MigSource", { transfer: "copying", ended: "empty" }],
  copying: ["MigSource", { held: "holding", abandoned: "populated", ended: "empty" }],
  holding: ["MigSource", { offered: "offered", abandoned: "populated" }],
  offered: ["MigSource", { released: "released", abandoned: "populated" }],
  released: ["MigSink", { confirmed: "empty", receive: "receiving" }],
};

describe("the two roles", () => {
  it("begin as MigSink", () => {
    expect(roleOf(FIRST_PHASE)).to.equal("MigSink");
  });

  for (const phase of PHASE_NAMES)
    it(`answer every command and event in the state ${phase}`, () => {
      const [role, accepted] = TABLE[phase];
      expect(roleOf(phase)).to.equal(role);
      for (const said of [...COMMANDS, ...EVENTS]) {
        const next = follow(phase, said);
        if (said === "information") expect(next).to.deep.equal(E.right(phase));
        else if (accepted[said] !== undefined) expect(next).to.deep.equal(E.right(accepted[said]));
        else {
          const names = ["information", ...Object.keys(accepted)];
          const refusal = { tag: "WrongState", said, role, phase, accepted: names };
          expect(next, `${said} while ${phase}`).to.deep.equal(E.left(refusal));
        }
      }
    });

  it("change at the four commands as the concept says", () => {
    const roles = (phase: Phase, ...said: readonly Parameters<typeof follow>[1][]): readonly Role[] => {
      let now = phase;
      for (const each of said) {
        const next = follow(now, each);
        if (E.isLeft(next)) throw new Error(`${each} is refused while ${now}`);
        now = next.right;
      }
      return [roleOf(phase), roleOf(now)];
    };
    expect(roles("empty", "initialize", "begun")).to.deep.equal(["MigSink", "MigSource"]);
    expect(roles("empty", "receive", "staged", "activated")).to.deep.equal(["MigSink", "MigSource"]);
    expect(roles("populated", "transfer", "held", "offered", "released")).to.deep.equal([
      "MigSource",
      "MigSink",
    ]);
  });

  it("fault 39: go back to running wherever a source is abandoned before it decided", () => {
    for (const phase of PHASE_NAMES) {
      const isUnderWay = roleOf(phase) === "MigSource" && phase !== "populated";
      if (isUnderWay) expect(follow(phase, "abandoned")).to.deep.equal(E.right("populated"));
    }
    expect(E.isLeft(follow("released", "abandoned"))).to.equal(true);
  });
});
