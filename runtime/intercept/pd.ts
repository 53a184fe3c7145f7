// PD, intercepted: quota that was handed to the parent.
import { Pd } from "../../lib/session/pd.ts";
import { interceptor } from "./interceptor.ts";

export const pdInterceptor = interceptor(Pd, {
  record: {
    transfer(ledger, { args: [, { ram = 0, caps = 0 }] }) {
      ledger.quota.ram -= ram;
      ledger.quota.caps -= caps;
    },
  },
});
