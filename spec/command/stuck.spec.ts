// Faults 2 and 41: a child that is stuck goes on from before what brought it down, wherever the end of its host came.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { StepOrder } from "../torture/step.ts";
import { living } from "./living.ts";
import { HOST, onHost } from "./on-host.ts";

const WATCH = fileURLToPath(new URL("../torture/watch-steps.js", import.meta.url));

const STUCK = HOST.replace(
  "component: ./counter.ts\n",
  "component: ./counter.ts\n    turn: 100ms\n    restart: { most: 1, within: 1h }\n",
);

describe("cryonode up: the host ends just as a child is stuck", function () {
  this.timeout(90_000);

  it(
    "faults 2 and 41: before it is in an image, the next one has it as it would have been",
    onHost(async ({ up, json, child, write, folder }) => {
      await write("host.yaml", STUCK);
      const armed = join(folder, "armed");
      const order: StepOrder = {
        ...{ state: join(folder, ".cryonode"), world: join(folder, "data"), ports: [], armed },
        kill: { what: "image made", when: "before", nth: 1 },
      };
      const preload = { node: ["--import", WATCH], env: { CRYONODE_STEPS: JSON.stringify(order) } };
      const first = living(folder, ["up", "host.yaml", "--json"], undefined, preload);
      await first.tells({ event: "log", child: "counter", text: "count 2" });
      await json("call", "counter", "Counter.spin");
      await first.tells({ event: "revived", child: "counter", generation: 2 });
      await writeFile(armed, "");
      await json("call", "counter", "Counter.spin");
      expect(await first.ended).to.deep.include({ signal: "SIGKILL" });
      const next = up();
      await next.tells({ event: "stuck", child: "counter" });
      expect(await child("counter")).to.include({ state: "stuck" });
      const [inspected] = (await json("inspect", "counter")).events;
      const faults = inspected!["faults"] as readonly Readonly<Record<string, unknown>>[];
      expect(faults.map(({ forgiven }) => forgiven)).to.deep.equal([true, false]);
      for (const { reason, event, calls } of faults) {
        expect(reason).to.contain("turn");
        expect(event).to.match(/^the call \[.*"spin"/);
        expect(calls).to.have.length.greaterThan(0);
      }
      expect((await json("revive", "counter")).status).to.equal(0);
      const logged = (await json("logs", "counter", "-n", "1000")).stdout.match(/count [0-9]+/g)!.length;
      await next.tells({ event: "log", child: "counter", text: `count ${logged + 2}` });
      expect((await json("kill", "counter")).status).to.equal(0);
      const lines = (await readFile(join(folder, "data", "count.txt"), "utf8")).split("\n").slice(0, -1);
      expect(lines).to.deep.equal(lines.map((_, n) => String(n + 1)));
    }),
  );
});
