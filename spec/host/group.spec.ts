// Several children frozen in one cut: they come back with what they hold of one another, or nothing has happened.
import { expect } from "chai";
import { onStage } from "./stage.ts";
import { BANK, CLERK, TO_BANK } from "./bank.ts";

describe("host: children frozen together", () => {
  it(
    "go on with their sessions and the calls between them",
    onStage(async (stage) => {
      const { host, log } = stage;
      const bank = await stage.start("bank", BANK);
      const reached = bank.until({ log: /^7 / });
      const clerks = await Promise.all(
        ["ann", "bob"].map((name) => stage.start(name, CLERK(10), { routes: TO_BANK })),
      );
      await reached;
      const frozen = await host.freeze([bank, ...clerks], "all.cryo");
      expect(frozen.map(({ child }) => child)).to.deep.equal(["bank", "ann", "bob"]);
      const revived = await host.reviveAll("all.cryo");
      expect(revived.map(({ generation }) => generation)).to.deep.equal([2, 2, 2]);
      await Promise.all(revived.slice(1).map(({ ended }) => ended));
      expect(log("ann").at(-1)).to.equal("paid 10");
      expect(log("bob").at(-1)).to.equal("paid 10");
      expect(log("bank").filter((line) => line.startsWith("session"))).to.have.length(2);
      expect(log("bank").at(-1)).to.match(/^20 /);
    }),
  );
});
