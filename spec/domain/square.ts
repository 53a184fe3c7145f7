// A village for one spec, its children written as text: all of `cryonode` as `c`, `io-ts` as `t`, and a few contracts
// that all of them share.
import { expect } from "chai";
import type { Route } from "../../runtime/core/route.ts";
import { program } from "./program.ts";
import { Village, type Villager } from "./village.ts";
import { OPEN_ROUTES, type WorldOptions } from "./world.ts";

const SHARED = `import * as t from "io-ts";
const Listener = c.session("Listener", { heard: c.method({ args: t.tuple([t.string]), result: t.string }) });
const Counter = c.session("Counter", {
  next: c.method({ args: t.tuple([t.number]), result: t.number }),
  slow: c.method({ args: t.tuple([t.number]), result: t.number }),
  fail: c.method({ args: t.tuple([t.string]), result: t.void }),
});
const Desk = c.session("Desk", {
  counter: c.method({ args: t.tuple([]), result: t.type({ counter: c.capability(Counter) }) }),
  keep: c.method({ args: t.tuple([c.capability(Listener)]), result: t.void }),
  tell: c.method({ args: t.tuple([t.string]), result: t.array(t.string) }),
  drop: c.method({ args: t.tuple([]), result: t.void }),
  use: c.method({ args: t.tuple([c.capability(Counter), t.number]), result: t.number }),
  hold: c.method({ args: t.tuple([c.capability(Counter)]), result: t.void }),
  useHeld: c.method({ args: t.tuple([t.number]), result: t.number }),
  sleep: c.method({ args: t.tuple([c.capability(c.Timer), t.number]), result: t.void }),
  bytes: c.method({ args: t.tuple([t.number]), result: c.bytes }),
  take: c.method({ args: t.tuple([c.bytes]), result: t.number }),
});
void [Listener, Counter, Desk];
const said = (promise: Promise<unknown>): Promise<string> =>
  promise.then((value) => "got " + value).catch((error: Error) => error.name + ": " + error.message);
void said;
`;

/** Serves counters that all share one figure. */
export const COUNTER = `
  let n = 0;
  const timer = await env.session(c.Timer);
  await env.announce(Counter, (args, { label, client, closed }) => {
    if (args.refuse) throw new RangeError("not you");
    console.log("open " + label + client);
    void closed.then(() => console.log("closed " + label + client));
    const mine = {
      next: async (by: number) => { console.log("+" + by); return (n += by); },
      slow: async (by: number) => { console.log("slow +" + by); await timer.sleep(100); return (n += by); },
      fail: async (how: string) => { throw new RangeError(how); },
    };
    return mine;
  });
`;

export const DESK = `
  const kept: any[] = [];
  let held: any = null;
  let n = 0;
  const timer = await env.session(c.Timer);
  const mine = { next: async (by: number) => (n += by), slow: async () => 0, fail: async () => {} };
  await env.announce(Desk, () => ({
    counter: async () => ({ counter: mine }),
    keep: async (listener) => { kept.push(listener); },
    tell: async (text) => Promise.all(kept.map((each) => said(each.heard(text)))),
    drop: async () => { kept.length = 0; held = null; },
    use: async (counter, by) => { await timer.sleep(1); return counter.next(by); },
    hold: async (counter) => { held = counter; },
    useHeld: async (by) => held.next(by),
    sleep: async (of, ms) => of.sleep(ms),
    bytes: async (size) => new Uint8Array(size),
    take: async (given) => given.length,
  }));
`;

const compiled = new Map<string, Promise<Uint8Array>>();

/** The bytecode of such a child, compiled once. */
export const inhabitant = (body: string): Promise<Uint8Array> => {
  const known = compiled.get(body) ?? program(body, SHARED);
  compiled.set(body, known);
  return known;
};

export interface Square {
  readonly village: Village;
  /** Starts a child under routes to the others and to all that the host has. */
  start(name: string, body: string, options?: WorldOptions): Promise<Villager>;
  log(name: string): readonly string[];
  /** Goes on until nothing is left to happen, or `until` holds. */
  run(until?: () => boolean): Promise<void>;
  /** Goes on until a child has written this to its log. */
  until(name: string, line: string): Promise<void>;
}

export const ROUTES: readonly Route[] = [
  { service: "Counter", child: "server" },
  { service: "Desk", child: "desk" },
  ...OPEN_ROUTES,
];

const MOST_POINTS = 5000;

/** A body for `it`. */
export const onSquare = (play: (square: Square) => Promise<void>) => async (): Promise<void> => {
  const village = new Village();
  const log = (name: string): readonly string[] => village.at(name).world.log;
  const run = async (until: () => boolean = () => false): Promise<void> => {
    for (let point = 0; point < MOST_POINTS && !until(); point++) if (!(await village.advance())) return;
    expect(until(), `still something to do after ${MOST_POINTS} points`).equal(true);
  };
  try {
    await play({
      village,
      log,
      run,
      start: async (name, body, options = {}) =>
        village.start(name, await inhabitant(body), {
          routes: ROUTES,
          quota: { ram: 16 << 20, caps: 100 },
          ...options,
        }),
      async until(name, line) {
        await run(() => log(name).includes(line));
        expect(log(name)).include(line);
      },
    });
  } finally {
    await village.close();
  }
};
