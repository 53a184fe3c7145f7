// A bank and those who go there: components whose sessions, calls and capabilities are what a cut through them keeps.
import type { RouteOptions } from "../../runtime/index.ts";
import { ALL } from "./stage.ts";

const DECLARED = `
  const t = await import("io-ts");
  const { capability, method, session } = await import("cryonode");
  const Receipt = session("Receipt", { stamp: method({ args: t.tuple([]), result: t.string }) });
  const Bank = session("Bank", {
    pay: method({ args: t.tuple([t.number]), result: t.number }),
    slow: method({ args: t.tuple([t.number]), result: t.number }),
    receipt: method({ args: t.tuple([]), result: t.type({ receipt: capability(Receipt) }) }),
    stamp: method({ args: t.tuple([capability(Receipt)]), result: t.string }),
    keep: method({ args: t.tuple([capability(Receipt)]), result: t.void }),
    kept: method({ args: t.tuple([]), result: t.string }),
  });
  void [capability, Receipt, Bank];
  const timer = await env.session(Timer);
`;

/** Says in its log what is paid: the total, and what was paid in that session. Counts the calls that it runs. */
export const BANK = `${DECLARED}
  let total = 0;
  let kept = null;
  await env.announce(Bank, () => {
    console.log("session");
    let paid = 0;
    return {
      pay: async (by) => {
        total += by;
        paid += by;
        console.log(total + " " + paid);
        return paid;
      },
      slow: async (by) => {
        console.log("slow " + by);
        await timer.sleep(100);
        total += by;
        return total;
      },
      receipt: async () => {
        const at = total;
        return { receipt: { stamp: async () => "stamped at " + at } };
      },
      stamp: async (receipt) => receipt.stamp(),
      keep: async (receipt) => { kept = receipt; },
      kept: async () => kept.stamp(),
    };
  });
  console.log("open");
`;

export const toBank = (bank = "bank"): readonly RouteOptions[] => [
  ...ALL,
  { service: "Bank", to: { child: bank } },
];

/** A component that holds a session with the bank. */
export const customer = (body: string): string => `${DECLARED}
  const bank = await env.session(Bank, { label: "till" });
  ${body}`;

/** Pays 1 so often, and says each time what it has paid. */
export const payer = (times: number): string =>
  customer(`for (let n = 1; n <= ${times}; n++) {
    console.log("paid " + (await bank.pay(1)));
    await timer.sleep(1);
  }`);

/** What a payer says that pays from `first` to `last`. */
export const paid = (first: number, last: number): readonly string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `paid ${first + i}`);
