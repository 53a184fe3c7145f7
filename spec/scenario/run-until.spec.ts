// `until`: a child stands exactly where it was waited for, and what was waited for is looked for everywhere.
import { expect } from "chai";
import { Playhouse, scenarioOf } from "./playhouse.ts";

const COUNTER = `  counter: { component: counter.ts, routes: ROUTES }`;

const numbers = (upTo: number, prefix = ""): string =>
  JSON.stringify(Array.from({ length: upTo }, (_, index) => `${prefix}${index + 1}`));

describe("scenario: until", () => {
  let house: Playhouse;
  before(async () => {
    house = await Playhouse.open();
  });
  after(() => house.close());

  it("leaves its child in the very turn, at each of several entries, frozen, held or checkpointed", async () => {
    const steps = [1, 2, 5, 6, 40, 41].flatMap((n, index) => [
      `- until: { child: counter, log: "count ${n}" }`,
      ...(index % 3 === 1
        ? [`- checkpoint: { child: counter, image: at.cryo }`]
        : index % 3 === 0
          ? [`- freeze: { child: counter, image: at.cryo }`]
          : []),
      `- expect: { file: data/count.txt, lines: ${numbers(n)} }`,
      `- expect: { log: counter, lines: ${numbers(n, "count ")} }`,
      ...(index % 3 === 0 ? [`- revive: { image: at.cryo }`] : []),
    ]);
    const { verdict } = await house.play(scenarioOf(COUNTER, steps.map((step) => `  ${step}`).join("\n")));
    expect(verdict).to.include({ ok: true, reason: "" });
  });

  it("lets its child go on once the next step waits", async () => {
    const played = await house.play(
      scenarioOf(
        `  counter: { component: counter.ts, config: { upTo: 50 }, routes: ROUTES }`,
        `  - until: { child: counter, log: "/^count 1/" }
  - expect: { log: counter, lines: ["count 1"] }
  - until: { child: counter, exit: 0 }
  - expect: { exit: counter, code: 0 }`,
      ),
    );
    expect(played.verdict.reason).to.equal("");
    expect(played.log("counter")).to.have.length(50);
  });

  it("sees what happened before it and in earlier incarnations, and holds the living one at once", async () => {
    const { verdict, log } = await house.play(
      scenarioOf(
        COUNTER,
        `  - until: { child: counter, log: "count 3" }
  - freeze: { child: counter, image: seen.cryo }
  - revive: { image: seen.cryo }
  - until: { child: counter, log: "count 2" }
  - freeze: { child: counter, image: seen.cryo }`,
      ),
    );
    expect(verdict.reason).to.equal("");
    expect(log("counter")).to.deep.equal(["count 1", "count 2", "count 3"]);
  });

  it("waits for two children in turn, neither in the other's way", async () => {
    const { verdict } = await house.play(
      scenarioOf(
        `  counter: { component: counter.ts, routes: ROUTES }
  listener: { component: listener.ts, routes: ROUTES }`,
        `  - until: { child: listener, log: listening }
  - send: { gate: line, text: one }
  - until: { child: counter, log: "count 500" }
  - until: { child: listener, log: heard one }
  - send: { gate: line, text: end }
  - until: { child: listener, exit: 0 }
  - until: { child: counter, exit: 0 }
  - expect: { gate: line, sent: "got one" }`,
      ),
    );
    expect(verdict.reason).to.equal("");
  });

  it("past its time says what the child did last", async () => {
    const { verdict } = await house.play(
      scenarioOf(
        `  listener: { component: listener.ts, routes: ROUTES }`,
        `  - until: { child: listener, log: heard nothing, within: 50ms }`,
      ),
    );
    expect(verdict.ok).to.equal(false);
    expect(verdict.reason).to.equal(
      `listener: a log entry "heard nothing" did not come within 50 ms; its last log entry is "listening"`,
    );
    expect(verdict.at).to.match(/play\.yaml:10:5$/);
  });

  it("does not wait for a child that has ended, or never began", async () => {
    const ended = await house.play(
      scenarioOf(
        `  counter: { component: counter.ts, config: { upTo: 2 }, routes: ROUTES }`,
        `  - until: { child: counter, log: "count 3", within: 10m }`,
      ),
    );
    expect(ended.verdict.reason).to.equal(
      `counter: a log entry "count 3" can no longer come; it exited with code 0; its last log entry is "count 2"`,
    );
    const never = await house.play(
      scenarioOf(
        `  counter: { component: counter.ts, later: true, routes: ROUTES }`,
        `  - until: { child: counter, exit: 0, within: 10m }`,
      ),
    );
    expect(never.verdict.reason).to.match(/it was never started$/);
  });

  it("that was expected to fail leaves its child free to go on", async () => {
    const { verdict } = await house.play(
      scenarioOf(
        `  listener: { component: listener.ts, routes: ROUTES }`,
        `  - until: { child: listener, log: heard end, within: 50ms }
  - expect: { error: until, matches: "/did not come within 50 ms/" }
  - send: { gate: line, text: end }
  - until: { child: listener, exit: 0 }`,
      ),
    );
    expect(verdict.reason).to.equal("");
  });

  it("ends when the run is told to stop, with everything released", async () => {
    const stop = new AbortController();
    const { verdict } = await house.play(
      scenarioOf(
        `  listener: { component: listener.ts, routes: ROUTES }`,
        `  - until: { child: listener, exit: 0, within: 10m }`,
      ),
      (event) => {
        if (event.event === "log") stop.abort();
      },
      stop.signal,
    );
    expect(verdict).to.include({ ok: false, interrupted: true });
  });
});
