// CPU, served: a protection domain's threads. They share the machine and take turns by events, so to pause one
// is to withhold what its calls are answered.
import { E } from "../../lib/fp.ts";
import { selectorBehind } from "../../lib/selector.ts";
import { Cpu, Thread, type ThreadState } from "../../lib/session/cpu.ts";
import type { Accounts } from "./ram.ts";
import { DONE, type Answer, type CoreObject, type Serving } from "./service.ts";

/** Told when a thread's replies may flow again, or never will. */
export interface ThreadWatch {
  resumed(thread: ThreadObject): void;
  killed(thread: ThreadObject): void;
}

export interface ThreadObject extends Serving<typeof Thread> {
  readonly name: string;
  current: ThreadState;
  /** Its function has returned. */
  exit(): void;
}

export const isThread = (object: CoreObject | undefined): object is ThreadObject =>
  object?.contract === Thread;

export const makeThread = (name: string, state: ThreadState, watch: ThreadWatch): ThreadObject => {
  let joining: ((answer: Answer<ThreadState>) => void)[] = [];
  const over = (): boolean => thread.current === "exited" || thread.current === "killed";
  const end = (how: ThreadState): void => {
    thread.current = how;
    const joined = joining;
    joining = [];
    for (const resolve of joined) resolve(E.right(how));
  };
  const thread: ThreadObject = {
    contract: Thread,
    name,
    current: state,
    pause() {
      if (!over()) thread.current = "paused";
      return DONE;
    },
    resume() {
      if (!over()) {
        thread.current = "running";
        watch.resumed(thread);
      }
      return DONE;
    },
    kill() {
      if (!over()) {
        end("killed");
        watch.killed(thread);
      }
      return DONE;
    },
    join: () =>
      over() ? E.right(thread.current) : new Promise<Answer<ThreadState>>((resolve) => joining.push(resolve)),
    state: () => E.right(thread.current),
    exit() {
      if (!over()) end("exited");
    },
  };
  return thread;
};

export const makeCpu = (
  accounts: Accounts,
  threads: Set<ThreadObject>,
  watch: ThreadWatch,
): Serving<typeof Cpu> => ({
  contract: Cpu,
  create(name) {
    const thread = makeThread(name, "running", watch);
    threads.add(thread);
    return E.right(thread);
  },
  exited(selected) {
    const thread = accounts.object(selectorBehind(selected));
    if (!isThread(thread)) return E.left({ tag: "Closed", what: "the thread" });
    thread.exit();
    return DONE;
  },
  threads: () => E.right([...threads].map(({ name, current }) => ({ name, state: current }))),
});
