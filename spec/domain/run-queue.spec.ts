// Domains of one thread take their slices in turn, and none of them keeps the thread's event loop from running.
import { expect } from "chai";
import { RunQueue } from "../../runtime/domain/run-queue.ts";

/** Works for longer than a round lasts. */
const work = (): void => {
  const until = performance.now() + 6;
  while (performance.now() < until);
};

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("domain: the run queue", () => {
  it("gives a slice to each in the order in which they came, and then again", async () => {
    const queue = new RunQueue();
    const order: string[] = [];
    const again = (name: string, slices: number): void => {
      if (slices > 0)
        queue.add(() => {
          order.push(name);
          again(name, slices - 1);
        });
    };
    again("a", 3);
    again("b", 1);
    again("c", 2);
    while (order.length < 6) await immediate();
    expect(order).to.deep.equal(["a", "b", "c", "a", "c", "a"]);
  });

  it("lets the event loop run between slices that are long", async () => {
    const queue = new RunQueue();
    const order: string[] = [];
    const ended = new Promise<void>((resolve) => {
      for (let n = 1; n <= 4; n++)
        queue.add(() => {
          order.push(`slice ${n}`);
          work();
          // What the event loop does, it does before the next slice.
          setImmediate(() => {
            order.push(`loop ${n}`);
            if (n === 4) resolve();
          });
        });
    });
    await ended;
    for (let n = 1; n < 4; n++)
      expect(order.indexOf(`loop ${n}`), `loop ${n}`).to.be.lessThan(order.indexOf(`slice ${n + 2}`) >>> 0);
    expect(order.filter((each) => each.startsWith("slice"))).to.have.length(4);
  });

  it("has lost nobody when a slice throws", () => {
    const queue = new RunQueue();
    const order: string[] = [];
    const thrown = new Promise<unknown>((resolve) => {
      const listeners = process.listeners("uncaughtException");
      process.removeAllListeners("uncaughtException");
      process.once("uncaughtException", (error) => {
        for (const listener of listeners) process.on("uncaughtException", listener);
        resolve(error);
      });
    });
    const bug = new Error("a bug");
    queue.add(() => {
      throw bug;
    });
    const next = new Promise<void>((resolve) => {
      queue.add(() => {
        order.push("next");
        resolve();
      });
    });
    return Promise.all([thrown, next]).then(([error]) => {
      expect(error).to.equal(bug);
      expect(order).to.deep.equal(["next"]);
    });
  });

  it("gives who is answered by an act its slice before the next act", async () => {
    const queue = new RunQueue();
    const order: string[] = [];
    const act = (name: string) => (argument: string) => {
      order.push(`${argument} ${name}`);
      // As an answer does: it is heard when what gave it is done.
      void Promise.resolve().then(() => queue.add(() => order.push(`slice ${name}`)));
    };
    await queue.each([act("a"), act("b"), act("c")], "act");
    expect(order).to.deep.equal(["act a", "slice a", "act b", "slice b", "act c", "slice c"]);
  });

  it("lets the event loop run between acts and slices that are long, and counts who waits meanwhile", async () => {
    const queue = new RunQueue();
    const order: string[] = [];
    const act = (): void => {
      order.push(`act, ${queue.length} left`);
      setImmediate(() => order.push("loop"));
      queue.add(work);
    };
    await queue.each([act, act, act], null);
    expect(order).to.deep.equal(["act, 2 left", "loop", "act, 1 left", "loop", "act, 0 left"]);
    expect(queue.length).to.equal(0);
  });

  it("lets the event loop run while acts and slices lead to one another for ever", async () => {
    const queue = new RunQueue();
    let isOver = false;
    const again = (): void => {
      // On the spot, as a sync of a quick disk is.
      if (!isOver) queueMicrotask(() => void queue.each([answer, () => {}], null));
    };
    const answer = (): void => queue.add(again);
    again();
    await immediate();
    isOver = true;
  });
});
