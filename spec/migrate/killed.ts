// Either host is killed with `kill -9`, or the link is cut, at a step of the handover: what the suite does a part of, and
// the torture all.
import { expect } from "chai";
import { frameHead } from "../../runtime/migrate/frame.ts";
import { encodeMessage, type Message } from "../../runtime/migrate/message.ts";
import type { Way } from "./tls-proxy.ts";
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

/** What TLS adds to a message: a header, the kind of content, a tag. */
const TLS_BYTES = 5 + 1 + 16;

const lengthOf = (message: Message): number => frameHead(encodeMessage(message)).length + TLS_BYTES;

/** What a sink says can't be read on its way, but has its own length. */
const ALIVE = lengthOf({ kind: "alive" });
const ACCEPTED = lengthOf({ kind: "accepted" });
const PREPARED = lengthOf({ kind: "prepared", task: "00000000-0000-0000-0000-000000000000" });

/** Tells which of these moments a record is; null: none. */
const watchMoments = (): ((way: Way, bytes: number) => Moment | null) => {
  let last: "nothing" | "accepted" | "lacking" | "prepared" = "nothing";
  return (way, bytes) => {
    if (way === "out") return last === "prepared" ? "released" : null;
    if (bytes === ALIVE) return null;
    if (last === "prepared") return "activated";
    if (bytes === PREPARED) {
      last = "prepared";
      return "prepared";
    }
    if (last === "accepted") {
      last = "lacking";
      return "lacking";
    }
    if (last === "nothing" && bytes === ACCEPTED) last = "accepted";
    return null;
  };
};

/** Moves while that happens. */
export const hit = async (two: TwoProcesses, from: Side, { moment, victim }: Blow): Promise<void> => {
  const proxy = two.proxies[otherSide(from)];
  const side: Side | null = victim === null ? null : victim === "source" ? from : otherSide(from);
  let struck = false;
  const momentOf = watchMoments();
  proxy.watch(async (way, bytes) => {
    if (struck || momentOf(way, bytes) !== moment) return true;
    struck = true;
    if (side !== null) await two.kill(side);
    return false;
  });
  const moved = await two.migrate(from, "--no-precopy");
  proxy.watch(null);
  expect(struck, `${moment} came: ${moved.stderr}`).to.equal(true);
};

/** Moves while that happens; afterwards both hosts are up, and the component goes on in one place. */
export const strike = async (two: TwoProcesses, from: Side, { moment, victim }: Blow): Promise<Side> => {
  const side = victim === null ? null : victim === "source" ? from : otherSide(from);
  await hit(two, from, { moment, victim });
  if (side !== null) await two.again(side);
  const home = await two.settled();
  // A source that has not let it go runs on; one that has does not.
  if (moment === "lacking" || moment === "prepared") expect(home, `${moment}, ${victim}`).to.equal(from);
  else expect(home, `${moment}, ${victim}`).to.equal(otherSide(from));
  await two.goesOn();
  return home;
};
