// Who comes back with an append that has no place yet: others of its file may be yet to come back, with places of theirs.
import { expect } from "chai";
import { growing, stage } from "./recorder-stage.ts";

const plansIn = (records: readonly { readonly kind: string }[]): number =>
  records.filter(({ kind }) => kind === "plan").length;

describe("an append whose place no record tells of", () => {
  it("law 3: finds it behind those of others, when all are back; one that has a place keeps it", async () => {
    const { recorder, records, plans, call } = stage();
    const file = growing();
    recorder.awaitOthers();
    const made = call(file, "write", "abc");
    for (let round = 0; round < 8; round++) await new Promise((resolve) => setImmediate(resolve));
    expect(plansIn(records)).to.equal(0);
    // Another one comes back to what it had planned.
    plans.resume(file.life!.growth!, "theirs", 4);
    recorder.othersBack();
    await made;
    expect(records.find(({ kind }) => kind === "plan")).to.deep.include({ plan: { place: 10 } });
  });
});
