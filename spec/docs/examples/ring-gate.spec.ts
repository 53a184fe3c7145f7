// The documentation's example of a gate: its spec, which runs the shared suite, and what is its own.
import { expect } from "chai";
import "../../../docs/examples/ring-gate.spec.ts";
import { ringGate } from "../../../docs/examples/ring-gate.ts";
import { onStage } from "../../host/stage.ts";
import { right } from "../../provider/outcome.ts";

describe("the ring gate of the documentation", () => {
  it("keeps the last messages, and counts those it forgets", async () => {
    const gate = ringGate("news", 3);
    for (let n = 1; n <= 10; n++) gate.post(`${n}`);
    expect(gate.forgotten).to.equal(7);
    const end = right(await gate.open(null));
    for (const text of ["8", "9", "10"]) expect(right(await end.receive())).to.equal(text);
    for (let n = 1; n <= 10; n++) right(await end.send(`${n}`));
    expect(gate.sent).to.deep.equal(["8", "9", "10"]);
  });

  const news = ringGate("news", 3);
  it(
    "plugged into a host: a reader that was frozen finds the newest messages",
    onStage(
      async ({ host, start, log }) => {
        const reader = await start(
          "reader",
          `const log = await env.session(Log);
           const gate = await env.session(Gate, { label: "news" });
           for (;;) {
             const text = await gate.receive();
             await log.write(text);
             await gate.send("read " + text);
           }`,
        );
        news.post("1");
        await reader.until({ log: "1" });
        await reader.freeze("reader.cryo");
        for (let n = 2; n <= 9; n++) news.post(`${n}`);
        const revived = await host.revive("reader.cryo");
        await revived.until({ log: "9" });
        expect(log("reader")).to.deep.equal(["1", "7", "8", "9"]);
        expect(news.forgotten).to.equal(5);
        await revived.kill();
        // It is the program's own: the next host may have it.
        expect(right(await news.open(null)).reconnected).to.equal(0);
      },
      { gates: { news: { provider: news } } },
    ),
  );
});
