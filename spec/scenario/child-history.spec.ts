// What is kept of a child's log: all of it up to a bound, then the newest.
import { expect } from "chai";
import * as fc from "fast-check";
import { ChildHistory } from "../../runtime/scenario/child-history.ts";

describe("scenario: what is kept of a child", () => {
  it("is the newest of its log, within both bounds", () => {
    const bounds = { entries: 5, bytes: 40 };
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 12 }), { maxLength: 60 }), fc.nat(70), (texts, from) => {
        const history = new ChildHistory(bounds);
        for (const text of texts) history.logged(text);
        const { log, dropped, written, last } = history;
        expect(log).to.deep.equal(texts.slice(dropped));
        expect(written).to.equal(texts.length);
        expect(log.length).to.be.at.most(bounds.entries);
        expect(2 * log.join("").length).to.be.at.most(bounds.bytes);
        expect(last).to.equal(log.at(-1) ?? null);
        expect(history.since(from)).to.deep.equal(log.slice(Math.max(0, from - dropped)));
      }),
    );
  });
});
