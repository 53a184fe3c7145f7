// CPU, intercepted: threads, and whether they run.
import { E } from "../../lib/fp.ts";
import { selectorBehind } from "../../lib/selector.ts";
import { Cpu, Thread, type ThreadState } from "../../lib/session/cpu.ts";
import { makeThread } from "../core/cpu.ts";
import { interceptor, type Replay } from "./interceptor.ts";
import type { Draft } from "immer";
import type { Ledger } from "./ledger.ts";

const becomes = (ledger: Draft<Ledger>, selector: number, state: ThreadState): void => {
  const record = ledger.capabilities[String(selector)];
  if (record?.kind === "thread" && record.state !== "exited" && record.state !== "killed")
    record.state = state;
};

export const cpuInterceptor = interceptor(Cpu, {
  record: {
    create(ledger, { fresh, args: [name] }) {
      ledger.capabilities[String(fresh)] = { kind: "thread", name, state: "running" };
    },
    exited: (ledger, { args: [thread] }) => becomes(ledger, selectorBehind(thread), "exited"),
  },
});

export const threadInterceptor = interceptor(Thread, {
  record: {
    pause: (ledger, { selector }) => becomes(ledger, selector, "paused"),
    resume: (ledger, { selector }) => becomes(ledger, selector, "running"),
    kill: (ledger, { selector }) => becomes(ledger, selector, "killed"),
  },
});

export const threadReplay: Replay<"thread"> = {
  kind: "thread",
  replay({ name, state }, _position, { threads, watch }) {
    const thread = makeThread(name, state, watch);
    threads.add(thread);
    return E.right(thread);
  },
};
