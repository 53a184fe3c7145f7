// Either host is killed with `kill -9`, or the link is cut, at a step of the handover: what the suite does a part of, and
// the torture all.
import { expect } from "chai";
import { otherSide, type Side, type TwoProcesses } from "./two-processes.ts";

/** What is on its way when it happens: before it arrives. `released` comes from the source, the others from the sink. */
export type Moment = "lacking" | "prepared" | "released" | "activated";
export const MOMENTS: readonly Moment[] = ["lacking", "prepared", "released", "activated"];

/** To whom it happens; null: to the link. */
export type Victim = "source" | "sink" | null;

export interface Blow {
  readonly moment: Moment;
  readonly victim: Victim;
}

/** Moves once with nothing happening; answers how many records come back from the sink. */
export const measure = async (two: TwoProcesses, from: Side): Promise<number> => {
  const moved = await two.migrate(from, "--no-precopy");
  expect(moved.status, moved.stderr).to.equal(0);
  expect(await two.settled()).to.equal(otherSide(from));
  return two.proxies[otherSide(from)].passed.back;
};

/** The last answers of a sink, by their places from the end. */
const FROM_END: Readonly<Record<Exclude<Moment, "released">, number>> = {
  lacking: 3,
  prepared: 2,
  activated: 1,
};

/** Moves while that happens; afterwards both hosts are up, and the component goes on in one place. */
export const strike = async (
  two: TwoProcesses,
  from: Side,
  answers: number,
  { moment, victim }: Blow,
): Promise<Side> => {
  const proxy = two.proxies[otherSide(from)];
  const side = victim === null ? null : victim === "source" ? from : otherSide(from);
  let struck = false;
  const hit = async (): Promise<boolean> => {
    struck = true;
    if (side !== null) await two.kill(side);
    return false;
  };
  let isPrepared = false;
  proxy.watch(async (way, number) => {
    if (struck) return true;
    if (moment === "released") {
      if (way === "out" && isPrepared) return hit();
      isPrepared ||= way === "back" && number === answers - FROM_END.prepared;
      return true;
    }
    return way === "back" && number === answers - FROM_END[moment] ? hit() : true;
  });
  const moved = await two.migrate(from, "--no-precopy");
  proxy.watch(null);
  expect(struck, `${moment} came: ${moved.stderr}`).to.equal(true);
  if (side !== null) await two.again(side);
  const home = await two.settled();
  // A source that has not let it go runs on; one that has does not.
  if (moment === "lacking" || moment === "prepared") expect(home, `${moment}, ${victim}`).to.equal(from);
  else expect(home, `${moment}, ${victim}`).to.equal(otherSide(from));
  await two.goesOn();
  return home;
};
