// CPU: the threads of a protection domain. They share one heap and take turns; each makes its calls through
// an `env` of its own, which is how a call is known to be its.
import * as t from "io-ts";
import { args, struct, text } from "../codec.ts";
import { returned, method, session, type Client } from "../contract.ts";
import { selectorOf } from "../selector.ts";

export const ThreadState = t.keyof(
  { running: null, paused: null, exited: null, killed: null },
  "ThreadState",
);
export type ThreadState = t.TypeOf<typeof ThreadState>;

export const Thread = session(
  "Thread",
  {
    /** Withholds the replies to the thread's calls until `resume`. */
    pause: method({ args: args([]), result: t.void }),
    resume: method({ args: args([]), result: t.void }),
    /** Drops the thread's calls and their replies; it never runs again. */
    kill: method({ args: args([]), result: t.void }),
    /** Resolves when the thread has ended, with how: `exited` or `killed`. */
    join: method({ args: args([]), result: ThreadState, inFlight: "reissue" }),
    state: method({ args: args([]), result: ThreadState }),
  },
  { cost: { ram: 0, caps: 1 } },
);

/** One line of `cpu.threads()`. */
const Listed = struct({ name: t.string, state: ThreadState });

export const Cpu = session(
  "CPU",
  {
    create: method({ args: args([text]), result: returned(Thread) }),
    /** The thread's function has returned; told by the library, never by a component. */
    exited: method({ args: args([selectorOf(Thread)]), result: t.void }),
    threads: method({ args: args([]), result: t.array(Listed) }),
  },
  { cost: { ram: 0, caps: 0 } },
);

export type Thread = Client<typeof Thread>;

export type Cpu = Client<typeof Cpu>;
