// Law 3 where the other side can't tell what it hears twice: what a route chose, by kills inside the crash window.
import { expect } from "chai";
import { lifeAt, torture } from "./torture.ts";

const out = (when: "before" | "after", nth: number) => lifeAt({ what: "message out", when, nth });
const noted = (when: "before" | "after", nth: number) => lifeAt({ what: "journal append", when, nth });

describe("messages to a foreign peer, killed between the message and its record", () => {
  it("law 3: at least once: each kill repeats one, and none is lost", async () => {
    const lives = [out("after", 3), out("before", 2), out("after", 9)];
    const { wrong, missed, repeats } = await torture({ lives, cast: ["often"] });
    expect({ wrong, missed, repeats }).deep.equal({ wrong: [], missed: [], repeats: 2 });
  }).timeout(120_000);

  it("law 3: at most once: each kill loses one, and none is repeated", async () => {
    const lives = [out("before", 3), out("after", 2), out("before", 9)];
    const { wrong, missed, losses } = await torture({ lives, cast: ["once"] });
    expect({ wrong, missed, losses }).deep.equal({ wrong: [], missed: [], losses: 2 });
  }).timeout(120_000);

  it("law 3: who waits for an answer gets it, over TCP and over HTTP, whenever the host is killed", async () => {
    const lives = [
      out("after", 3),
      noted("before", 4),
      noted("after", 5),
      out("before", 2),
      noted("before", 7),
    ];
    const { wrong, missed } = await torture({ lives, cast: ["asker", "poster"] });
    expect({ wrong, missed }).deep.equal({ wrong: [], missed: [] });
  }).timeout(120_000);
});
