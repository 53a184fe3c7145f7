// Does as the other side of its gate says, for ever: sends so many blocks, or receives as many bytes and says that they
// have come. An order is three bytes: whether to receive, and how many blocks.
import { component, Gate } from "cryonode";

export default component(async (env) => {
  const { block } = await env.config<{ block: number }>();
  const gate = await env.session(Gate, { label: "sink" });
  const payload = new Uint8Array(block).fill(65);
  for (;;) {
    const order = (await gate.receive()) as Uint8Array;
    const blocks = order[1]! * 256 + order[2]!;
    if (order[0] === 0) for (let i = 0; i < blocks; i++) await gate.send(payload);
    else {
      let left = blocks * block - (order.length - 3);
      while (left > 0) left -= (await gate.receive()).length;
      await gate.send(payload.subarray(0, 1));
    }
  }
});
