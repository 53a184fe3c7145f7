// The `env` of a component and of each of its threads: the same sessions, calls made in the thread's name.
import type { CpuSession, Env, Main, Revived, SessionOptions, ThreadHandle } from "../component.ts";
import type { Client, Contract } from "../contract.ts";
import { Cpu, Thread } from "../session/cpu.ts";
import { Parent } from "../session/parent.ts";
import { Pd } from "../session/pd.ts";
import { Ram } from "../session/ram.ts";
import { Rm } from "../session/rm.ts";
import { Rom } from "../session/rom.ts";
import { CPU, PARENT, PD, RAM, RM, type BootInfo } from "./abi.ts";
import { clientAt, interfacesOf } from "./client.ts";
import { sendForCapability } from "./kernel.ts";
import { isNative } from "./native.ts";
import { announce, revoke } from "./service.ts";
import { source } from "./signal.ts";

const parent = clientAt(Parent, PARENT, 0);
const SESSION = Object.keys(Parent.methods).indexOf("session");

/** Where the boot signal leaves what it says. */
let boot: BootInfo = { label: "", timer: false };
export const booted = (info: BootInfo): void => {
  boot = info;
};

export const revived = source<Revived>((handlers) => void parent.handlers(handlers));

/** What a request gives along. What a contract of the component's own costs, only its library knows. */
const donation = (
  contract: Contract,
  ram: number | undefined,
  caps: number | undefined,
): { ram?: number; caps?: number; declared?: true } => {
  const { cost } = contract;
  if (!isNative(contract))
    return { ram: Math.max(ram ?? 0, cost.ram), caps: Math.max(caps ?? 0, cost.caps), declared: true };
  return { ...(ram === undefined ? {} : { ram }), ...(caps === undefined ? {} : { caps }) };
};

/** Requests a session in the name of `thread`. */
const request = <C extends Contract>(
  contract: C,
  { label = "", ram, caps, ...rest }: SessionOptions,
  thread: number,
): Promise<Client<C>> => {
  const values = [
    {
      service: contract.service,
      label,
      interfaces: interfacesOf(contract),
      ...donation(contract, ram, caps),
      ...(Object.keys(rest).length === 0 ? {} : { args: rest }),
    },
  ];
  const adopt = (selector: number): Client<C> => clientAt(contract, selector, thread);
  return sendForCapability({ selector: PARENT, thread }, SESSION, values, adopt) as Promise<Client<C>>;
};

const cpuOf = (thread: number): CpuSession => {
  const cpu = clientAt(Cpu, CPU, thread);
  return Object.assign(Object.create(cpu) as Client<typeof Cpu>, {
    async thread(name: string, main: Main): Promise<ThreadHandle> {
      const created = await cpu.create(name);
      const { selector } = created as unknown as { selector: number };
      const ended = Promise.resolve().then(() => main(makeEnv(selector)));
      const handle = clientAt(Thread, selector, thread);
      let joined = false;
      // In its own name: whoever created it may be paused, or killed.
      const exited = (): Promise<void> => clientAt(Cpu, CPU, selector).exited(created);
      const told = ended.then(exited, (error: unknown) =>
        exited().then(() => {
          throw error;
        }),
      );
      told.catch((error: unknown) => {
        if (!joined) throw error;
      });
      return {
        name,
        pause: () => handle.pause(),
        resume: () => handle.resume(),
        kill: () => handle.kill(),
        state: () => handle.state(),
        join() {
          joined = true;
          return handle.join().then((how) => (how === "killed" ? how : told.then(() => how)));
        },
      };
    },
  });
};

/** The `env` whose calls are `thread`'s; 0 is the component's first. */
const makeEnv = (thread: number): Env => ({
  get label() {
    return boot.label;
  },
  async config<T>(): Promise<T> {
    const rom = await request(Rom, { label: "config" }, thread);
    const value = (await rom.json()) as T;
    await parent.close((rom as unknown as { selector: number }).selector);
    return value;
  },
  session: (contract, options = {}) => request(contract, options, thread) as never,
  announce: (contract, root) => announce(contract, root),
  revoke,
  ram: clientAt(Ram, RAM, thread),
  rm: clientAt(Rm, RM, thread),
  pd: clientAt(Pd, PD, thread),
  cpu: cpuOf(thread),
  revived: revived.signal,
  exit: (code = 0) => void parent.exit(code),
});

/** Runs a component's main function. What it rejects with is judged at the end of the turn. */
export const start = (main: unknown): void => {
  if (typeof main !== "function")
    throw new TypeError("the default export of a component is component(async (env) => ...)");
  void Promise.resolve(makeEnv(0))
    .then(main as (env: Env) => Promise<unknown>)
    .then(() => parent.returned());
};
