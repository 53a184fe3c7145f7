// How a command hears that a durable host could not do what it was told.
import { expect } from "chai";
import { refusalOf } from "../../runtime/daemon/durable-error.ts";
import type { MigrateError } from "../../runtime/migrate/migrate-error.ts";

const LINK: MigrateError = { tag: "Link", peer: "there", reason: "it ended the link" };

describe("why a durable host did not do it", () => {
  it("says of a migration that failed at the other host that the child goes on here", () => {
    expect(refusalOf({ tag: "Migrate", error: LINK, stays: ["ann"] }).message).equal(
      "there: it ended the link; ann goes on here",
    );
    expect(refusalOf({ tag: "Migrate", error: LINK, stays: ["ann", "bea"] }).message).equal(
      "there: it ended the link; ann, bea go on here",
    );
  });

  it("does not say so of who may be elsewhere by then, or does not run", () => {
    expect(refusalOf({ tag: "Migrate", error: LINK }).message).equal("there: it ended the link");
    const unfit: MigrateError = { tag: "Unfit", child: "ann", reason: "has ended" };
    expect(refusalOf({ tag: "Migrate", error: unfit, stays: ["ann"] }).message).equal("ann has ended");
  });

  it("hands on what the other host lacks, each by itself", () => {
    const lacks = [
      { child: "ann", what: "ram", name: "", reason: "it takes 9, its entry grants 8" },
      { child: "ann", what: "LOG", name: "", reason: "no route" },
    ];
    const refusal = refusalOf({
      tag: "Migrate",
      error: { tag: "Lacking", host: "there", lacks },
      stays: ["ann"],
    });
    expect(refusal).to.deep.include({ tag: "Lacking", wrong: "state", lacking: { host: "there", lacks } });
  });
});
