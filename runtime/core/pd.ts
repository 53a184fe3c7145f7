// PD, served: a protection domain's figures, and handing its unused quota to the parent.
import { E } from "../../lib/fp.ts";
import { Pd } from "../../lib/session/pd.ts";
import type { Accounts } from "./ram.ts";
import type { Serving } from "./service.ts";

export const makePd = (accounts: Accounts): Serving<typeof Pd> => ({
  contract: Pd,
  ram: () => E.right(accounts.ram()),
  caps: () => E.right(accounts.caps()),
  transfer: (to, { ram = 0, caps = 0 }) =>
    to === "parent"
      ? accounts.toParent(ram, caps)
      : E.left({ tag: "Denied", service: "PD", label: to, reason: 'quota goes to "parent" only' }),
});
