// A bank and its clerks: components whose sessions, calls and capabilities are what a cut through them must keep.
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
  });
  void [capability, Receipt, Bank];
  const timer = await env.session(Timer);
`;

/** Counts what is paid in its log: `TOTAL CLERK N`, N counted for each session. */
export const BANK = `${DECLARED}
  let total = 0;
  await env.announce(Bank, (_args, { label }) => {
    let paid = 0;
    console.log("session " + label);
    return {
      pay: async (by) => {
        total += by;
        paid += by;
        console.log(total + " " + label + " " + paid);
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
    };
  });
  console.log("open");
`;

export const TO_BANK = [...ALL, { service: "Bank", to: { child: "bank" } }];

/** Pays 1 so often, and says what it has paid. */
export const CLERK = (times: number): string => `${DECLARED}
  const bank = await env.session(Bank, { label: "till" });
  for (let n = 1; n <= ${times}; n++) console.log("paid " + (await bank.pay(1)));
`;

/** A component that holds a session with the bank. */
export const ask = (body: string): string => `${DECLARED}
  const bank = await env.session(Bank, { label: "till" });
  ${body}`;
