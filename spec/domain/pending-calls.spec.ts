// Calls on their way are found by their slots, come in the order in which they were added, and cost what they cost.
import { expect } from "chai";
import * as fc from "fast-check";
import type { PendingCall } from "../../runtime/domain/call.ts";
import { PendingCalls } from "../../runtime/domain/pending-calls.ts";

const steps = fc.array(fc.tuple(fc.constantFrom("add", "remove", "abandon"), fc.nat(3)));

const callOf = (slot: number, ram: number): PendingCall => {
  const call: Pick<PendingCall, "slot" | "cost"> = { slot, cost: { ram, caps: 1 } };
  return call as PendingCall;
};

describe("domain: pending calls", () => {
  it("are as a map by slot has them, however many there are at once", () => {
    fc.assert(
      fc.property(steps, (all) => {
        const calls = new PendingCalls();
        const model = new Map<number, PendingCall>();
        let abandoned = 0;
        all.forEach(([what, slot], number) => {
          const ram = 1 << (number % 20);
          const former = model.get(slot);
          if (what !== "remove") abandoned += former?.cost.ram ?? 0;
          model.delete(slot);
          if (what === "add") {
            const call = callOf(slot, ram);
            model.set(slot, call);
            calls.add(call);
          } else if (what === "remove") calls.remove(slot);
          else calls.abandon(slot);
          expect([...calls.bySlot.values()]).to.deep.equal([...model.values()]);
          expect(calls.bySlot.size).to.equal(model.size);
          for (let each = 0; each <= 3; each++) expect(calls.bySlot.get(each)).to.equal(model.get(each));
          const live = [...model.values()].reduce((sum, { cost }) => sum + cost.ram, 0);
          expect(calls.promised.ram).to.equal(live + abandoned);
        });
      }),
    );
  });
});
