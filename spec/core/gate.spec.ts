import { expect } from "chai";
import { makeGate } from "../../runtime/core/gate.ts";
import { queueGate, type QueueGate } from "../../runtime/provider/gate/queue.ts";
import type { GateRight } from "../../runtime/provider/gate/gate-provider.ts";
import { right } from "../provider/outcome.ts";

describe("the Gate session", () => {
  const open = async (
    gate: QueueGate,
    rights: readonly GateRight[] = ["send", "receive"],
  ): Promise<ReturnType<typeof makeGate>> => makeGate("line", right(await gate.open(null)), new Set(rights));

  it("gives what a killed thread's receive would have brought to the next one", async () => {
    const gate = queueGate({ name: "line" });
    const session = await open(gate);
    const receive = session.receive();
    session.life.cancel?.(receive as Promise<unknown>);
    right(await gate.inject("one"));
    right(await gate.inject("two"));
    expect(right(await session.receive())).to.equal("one");
    expect(right(await session.receive())).to.equal("two");
  });

  it("keeps what arrived for nobody as unread", async () => {
    const gate = queueGate({ name: "line" });
    const session = await open(gate);
    session.life.cancel?.(session.receive() as Promise<unknown>);
    right(await gate.inject("one"));
    await new Promise((pass) => setImmediate(pass));
    session.life.suspend?.();
    expect(right((await session.life.capture?.()) as never)).to.deep.include({
      received: 0,
      unread: ["one"],
    });
  });

  it("takes nothing from a killed thread's send, which brings no message", async () => {
    const gate = queueGate({ name: "line", bound: { messages: 1, bytes: 10 } });
    const session = await open(gate);
    right(await session.send("one"));
    const send = session.send("two");
    expect(send).to.be.instanceOf(Promise);
    session.life.cancel?.(send as Promise<unknown>);
    gate.take();
    await send;
    session.life.suspend?.();
    expect(right((await session.life.capture?.()) as never)).to.deep.include({
      sent: 2,
      received: 0,
      unread: [],
    });
    session.life.resume?.();
    const receive = session.receive();
    right(await gate.inject("a real one"));
    expect(right(await receive)).to.equal("a real one");
  });
});
