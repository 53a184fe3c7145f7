// CPU, intercepted: threads, and whether they run.
import { E } from "../../lib/fp.ts";
import { Cpu, Thread, type ThreadState } from "../../lib/session/cpu.ts";
import { makeThread } from "../core/cpu.ts";
import type { AcceptedCall, Interceptor, Replay } from "./interceptor.ts";
import type { Draft } from "immer";
import type { Ledger } from "./ledger.ts";

const becomes =
  (state: ThreadState, which: (call: AcceptedCall) => number) =>
  (ledger: Draft<Ledger>, call: AcceptedCall): void => {
    const record = ledger.capabilities[String(which(call))];
    if (record?.kind === "thread" && record.state !== "exited" && record.state !== "killed")
      record.state = state;
  };

export const cpuInterceptor: Interceptor = {
  service: Cpu.service,
  record: {
    create(ledger, { fresh, args: [name] }) {
      ledger.capabilities[String(fresh)] = { kind: "thread", name, state: "running" };
    },
    exited: becomes("exited", ({ args }) => args[0] as number),
  },
};

const own = ({ selector }: AcceptedCall): number => selector;

export const threadInterceptor: Interceptor = {
  service: Thread.service,
  record: { pause: becomes("paused", own), resume: becomes("running", own), kill: becomes("killed", own) },
};

export const threadReplay: Replay<"thread"> = {
  kind: "thread",
  replay({ name, state }, _position, { threads, watch }) {
    const thread = makeThread(name, state, watch);
    threads.add(thread);
    return E.right(thread);
  },
};
