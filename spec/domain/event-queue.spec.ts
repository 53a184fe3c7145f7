// The ring behind a mailbox, against a plain array.
import { expect } from "chai";
import * as fc from "fast-check";
import type { DomainEvent } from "../../runtime/domain/call.ts";
import { EventQueue } from "../../runtime/domain/event-queue.ts";

const event = (slot: number): DomainEvent => ({ slot, form: 0, value: undefined, thread: 0, region: 0 });

describe("the queue of events", () => {
  it("keeps any mixture of pushes and takes in order", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -40, max: 40 })), (moves) => {
        const queue = new EventQueue();
        const model: number[] = [];
        let next = 0;
        for (const move of moves)
          for (let i = 0; i < Math.abs(move); i++)
            if (move > 0) {
              queue.push(event(next));
              model.push(next++);
            } else expect(queue.take()?.slot).to.equal(model.shift());
        expect(queue.length).to.equal(model.length);
        expect(queue.list().map(({ slot }) => slot)).to.deep.equal(model);
      }),
    );
  });
});
