// What is told of the sessions of those who leave, with those of whom nothing was heard since the host began.
import { expect } from "chai";
import type { LiveHost } from "../../runtime/host/live-host.ts";
import { Absentees } from "../../runtime/migrate/absentees.ts";
import { Introductions } from "../../runtime/migrate/introductions.ts";
import { TiesSurvey } from "../../runtime/migrate/ties-survey.ts";
import { E } from "../../lib/fp.ts";

const OWN = "00000000-0000-4000-8000-000000000001";
const OTHER = "00000000-0000-4000-8000-000000000002";
const SESSION = { service: "Tally", label: "" };

/** A host that was restarted, where `mover` lives; the other one was noted to be at `there`, and is out of contact. */
const surveyed = async (mover: "client" | "server"): Promise<TiesSurvey> => {
  const isClient = mover === "client";
  const other = isClient ? "server" : "client";
  const absentees = new Absentees({
    all: () =>
      Promise.resolve([
        {
          ...{ identity: OTHER, child: other, at: "there", epoch: 7, others: [OWN] },
          sessions: isClient ? [] : [{ link: "1-1", ...SESSION }],
        },
      ]),
    note: () => Promise.resolve(E.right(undefined)),
    drop: () => Promise.resolve(E.right(undefined)),
  });
  await absentees.recover();
  const live: Pick<LiveHost, "ties" | "unled" | "unheld" | "identityOf"> = {
    ties: () => [],
    unled: () => (isClient ? [{ link: "1-1", child: other, session: SESSION }] : []),
    unheld: () => (isClient ? [] : [{ link: "1-1", holder: OTHER }]),
    identityOf: (name) => (name === mover ? { identity: OWN, generation: 3 } : null),
  };
  return new TiesSurvey({
    ...{ live: live as LiveHost, absentees },
    introductions: new Introductions({ say: () => {}, patience: 1 }),
    entry: () => undefined,
    nameOf: (peer) => peer,
    kept: () => Promise.resolve(null),
    names: () => [],
    come: () => 1,
  });
};

describe("the sessions of those who leave, with those of whom nothing was heard since the host began", () => {
  for (const mover of ["client", "server"] as const) {
    const tie = {
      ...{ link: "1-1", identity: OTHER, child: mover === "client" ? "server" : "client", generation: 7 },
      ...{ serves: mover === "client", session: SESSION },
    };

    it(`go along with a ${mover}`, async () => {
      const survey = await surveyed(mover);
      expect(survey.of([mover], "there")).to.deep.equal(
        E.right(new Map([[mover, [{ ...tie, there: true }]]])),
      );
      const at = { key: "there", name: "there" };
      expect(survey.of([mover], "beyond")).to.deep.equal(
        E.right(new Map([[mover, [{ ...tie, there: false, at }]]])),
      );
    });

    it(`keep a ${mover} from a third host until it can be asked`, async () => {
      const survey = await surveyed(mover);
      expect(E.isRight(await survey.prepare([mover], "there"))).to.equal(true);
      expect(JSON.stringify(await survey.prepare([mover], "beyond"))).to.match(/can't be asked/);
    });
  }
});
