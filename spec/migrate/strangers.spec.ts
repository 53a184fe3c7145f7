// What is told of callers who are no peers: bounded, whatever they do, and with their number.
import { expect } from "chai";
import { Strangers } from "../../runtime/migrate/strangers.ts";

describe("strangers who call", () => {
  const told: string[] = [];
  let due: (() => void) | null = null;
  const strangers = (): Strangers =>
    new Strangers({
      tell: (text) => void told.push(text),
      after: (_ms, act) => {
        due = act;
        return () => (due = null);
      },
    });
  /** The time between two lines has passed. */
  const pass = (): void => {
    const act = due;
    due = null;
    act?.();
  };
  beforeEach(() => {
    told.length = 0;
    due = null;
  });

  it("are told of at once, and then counted: a line for however many call", () => {
    const who = strangers();
    for (let call = 0; call < 1000; call++) who.called(`10.0.0.${call % 250}`, null);
    expect(told).to.deep.equal(["a call was dropped from 10.0.0.0: it showed no key"]);
    pass();
    expect(told.slice(1)).to.deep.equal([
      "999 more calls were dropped, the last from 10.0.0.249: it showed no key",
    ]);
    who.called("10.0.0.1", null);
    expect(told).to.have.length(2);
    pass();
    expect(told[2]).to.equal("another call was dropped, the last from 10.0.0.1: it showed no key");
    // Nobody has called for as long: the next is told of at once.
    pass();
    expect(told).to.have.length(3);
    who.called("10.0.0.2", null);
    expect(told[3]).to.match(/^a call was dropped from 10\.0\.0\.2/);
  });

  it("are all counted when the host ends", () => {
    const who = strangers();
    for (let call = 0; call < 3; call++) who.called("10.0.0.9", null);
    who.close();
    expect(told[1]).to.match(/^2 more calls were dropped, the last from 10\.0\.0\.9/);
    expect(due).to.equal(null);
    who.close();
    expect(told).to.have.length(2);
  });
});
