// PD, intercepted: quota that was handed to the parent.
import { Pd } from "../../lib/session/pd.ts";
import type { Interceptor } from "./interceptor.ts";

export const pdInterceptor: Interceptor = {
  service: Pd.service,
  record: {
    transfer(ledger, { args: [, { ram = 0, caps = 0 }] }) {
      ledger.quota.ram -= ram as number;
      ledger.quota.caps -= caps as number;
    },
  },
};
