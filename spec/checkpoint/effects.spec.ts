// Effects of a revival: in order, all or none.
import { expect } from "chai";
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { enact, type OwnedEffect } from "../../runtime/checkpoint/effects.ts";

const FAILED: SessionError = { tag: "Io", code: "EIO", what: "it" };

describe("effects of a revival", () => {
  const story: string[] = [];
  const effect = (name: string, { enacts = true, retracts = true } = {}): OwnedEffect => ({
    service: "File",
    name,
    effect: {
      enact() {
        story.push(`enact ${name}`);
        return enacts ? E.right(undefined) : E.left(FAILED);
      },
      async retract() {
        story.push(`retract ${name}`);
        return retracts ? E.right(undefined) : E.left(FAILED);
      },
      confirm: () => void story.push(`confirm ${name}`),
    },
  });
  beforeEach(() => void story.splice(0));

  it("are made in order, and stay when the child goes on", async () => {
    const made = await enact([effect("a"), effect("b")]);
    if (E.isLeft(made)) throw new Error("they failed");
    made.right.confirm();
    expect(story).deep.equal(["enact a", "enact b", "confirm a", "confirm b"]);
  });

  it("are put back, the newest first, when it does not; what could not be is told", async () => {
    const made = await enact([effect("a"), effect("b", { retracts: false }), effect("c")]);
    if (E.isLeft(made)) throw new Error("they failed");
    expect(await made.right.retract()).deep.equal([{ service: "File", name: "b", error: FAILED }]);
    expect(story.slice(3)).deep.equal(["retract c", "retract b", "retract a"]);
  });

  it("fault 32: one fails: it and those before it are put back, those after it never begin", async () => {
    const made = await enact([effect("a", { retracts: false }), effect("b", { enacts: false }), effect("c")]);
    expect(made).deep.equal(
      E.left([
        { service: "File", name: "b", error: FAILED },
        { service: "File", name: "a", error: FAILED },
      ]),
    );
    expect(story).deep.equal(["enact a", "enact b", "retract b", "retract a"]);
  });
});
