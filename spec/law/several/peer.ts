// A peer: serves all others, and carries out the script in its config against them. What each call is answered depends
// on nothing but the call, and on how often it ran, so that any order of turns gives the same answers.
import { component, FileSystem, Timer, type Client, type Region, type Serves } from "cryonode";
import { Listener, Peer, type Tally } from "./contract.ts";

type Deed = readonly [name: string, ...numbers: number[]];
type Held = { add(call: string, n: number): Promise<string>; slow(call: string, n: number): Promise<string> };

interface Config {
  readonly name: string;
  readonly others: readonly string[];
  readonly script: readonly Deed[];
}

/** Bytes of each peer in each dataspace. */
const SLOT = 16;

export default component(async (env) => {
  const { name, others, script } = await env.config<Config>();
  const timer = await env.session(Timer);
  const times = new Map<string, number>();
  /** Notes that a call runs, where no freeze can make it unhappen. */
  const ran = (call: string): string => {
    const n = (times.get(call) ?? 0) + 1;
    times.set(call, n);
    console.log(`ran ${call} ${n}`);
    return `${call}#${n}`;
  };
  const sessions = new Map<string, Client<typeof Peer>>();
  let meet!: () => void;
  const acquainted = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const at = <T>(list: readonly T[], n: number): T | undefined =>
    list.length === 0 ? undefined : list[n % list.length];
  const space = await env.ram.alloc((others.length + 1) * SLOT);
  const region = await env.rm.attach(space);
  /** Where it writes what in dataspaces: nobody else does, and no other call of its own. */
  const placeOf = (index: number): number => [name, ...others].sort().indexOf(name) * SLOT + index;
  const adder = {
    add: async (call: string, n: number) => `${ran(call)}=${n * 2}`,
    slow: async (call: string, n: number) => {
      const noted = ran(call);
      await timer.sleep(n);
      return `${noted} slept`;
    },
  };
  const used = (by: Held, call: string, n: number, isSlow: boolean): Promise<string> =>
    isSlow ? by.slow(`${call}'`, n) : by.add(`${call}'`, n);

  // What a session keeps is its client's alone, whose calls come in order.
  const serving = (kept: Client<typeof Listener>[], held: Held[]): Serves<typeof Peer> => ({
    ...adder,
    fail: async (call) => {
      throw new RangeError(ran(call));
    },
    echo: async (call, given) => [ran(call), given.map((each) => 255 - each)],
    call: async (call, listener, n) => {
      const answers = [ran(call)];
      for (let i = 0; i < n; i++) answers.push(await listener.heard(`${call}.${i}`));
      return answers.join(" ");
    },
    keep: async (call, listener) => {
      kept.push(listener);
      return `${ran(call)} ${await listener.heard(`${call}.kept`)}`;
    },
    tell: async (call, n) =>
      `${ran(call)} ${await at(kept, n)
        ?.heard(`${call}.told`)
        .then(() => "told")}`,
    use: async (call, peer, n, isSlow) => `${ran(call)} ${await used(peer, call, n, isSlow)}`,
    hold: async (call, peer) => {
      held.push(peer);
      return `${ran(call)} ${await peer.add(`${call}'`, 1)}`;
    },
    useHeld: async (call, n, isSlow) => {
      const by = at(held, n);
      return `${ran(call)} ${by === undefined ? "nothing" : await used(by, call, n, isSlow)}`;
    },
    passHeld: async (call, n, to) => {
      const by = at(held, n);
      await acquainted;
      const peer = sessions.get(to);
      if (by === undefined || peer === undefined) return `${ran(call)} nothing`;
      return `${ran(call)} ${await peer.use(`${call}>`, by, n, n % 2 === 0)}`;
    },
    write: async (call, file) => {
      await file.write(`${call}\n`);
      return ran(call);
    },
    sleep: async (call, of, ms) => {
      await of.sleep(ms);
      return ran(call);
    },
    space: async (call) => {
      ran(call);
      return space;
    },
    look: async (call, place) => `${ran(call)} ${region.bytes[place]}`,
    poke: async (call, theirs, place, value) => {
      const attached = await env.rm.attach(theirs);
      attached.bytes[place] = value;
      await env.rm.detach(attached);
      return ran(call);
    },
    make: async (call) => {
      let n = 0;
      ran(call);
      return { tally: { next: async (each) => `${ran(each)} ${++n}` } };
    },
  });
  await env.announce(Peer, () => serving([], []));

  for (const other of others) sessions.set(other, await env.session(Peer, { label: other }));
  meet();
  const data = await env.session(FileSystem, { label: name });
  const file = await data.open("calls.txt", { append: true, create: true });
  const tallies: Client<typeof Tally>[] = [];
  const listener = { heard: async (text: string) => `heard ${ran(text)}` };
  const mine = { ...adder };

  const regions = new Map<Client<typeof Peer>, Promise<Region>>();
  const attached = (a: number): Promise<Region> => {
    const owner = peer(a);
    const attach = async (): Promise<Region> =>
      env.rm.attach(await owner.space(`${name}.${regions.size} attaches`));
    const known = regions.get(owner) ?? attach();
    regions.set(owner, known);
    return known;
  };

  /** What was written before a call is there when the call is served. */
  const seen = async (call: string, a: number, index: number, value: number): Promise<string> => {
    const answer = await peer(a).look(call, placeOf(index));
    return answer.endsWith(` ${value}`) ? answer : `stale: ${answer}`;
  };

  const deeds: Record<string, (call: string, a: number, b: number, index: number) => unknown> = {
    add: (call, a, b) => peer(a).add(call, b),
    slow: (call, a, b) => peer(a).slow(call, b % 9),
    fail: (call, a) => peer(a).fail(call),
    echo: (call, a, b) => peer(a).echo(call, new Uint8Array([a, b])),
    call: (call, a, b) => peer(a).call(call, listener, b % 3),
    keep: (call, a) => peer(a).keep(call, listener),
    tell: (call, a, b) => peer(a).tell(call, b),
    use: (call, a, b) => peer(a).use(call, peer(a + 1), b % 9, b % 2 === 0),
    useMine: (call, a, b) => peer(a).use(call, mine, b % 9, b % 2 === 0),
    hold: (call, a) => peer(a).hold(call, peer(a + 1)),
    useHeld: (call, a, b) => peer(a).useHeld(call, b, b % 2 === 0),
    passHeld: (call, a, b) => peer(a).passHeld(call, b, others[(a + 1) % others.length]!),
    write: (call, a) => peer(a).write(call, file),
    sleep: (call, a, b) => peer(a).sleep(call, timer, b % 9),
    make: async (call, a) => {
      const { tally } = await peer(a).make(call);
      tallies.push(tally);
      return tally.next(`${call}.made`);
    },
    tally: (call, a) => at(tallies, a)?.next(call),
    poke: async (call, a, b, index) => {
      const { bytes } = await attached(a);
      bytes[placeOf(index)] = b + 1;
      return seen(call, a, index, b + 1);
    },
    pokeBy: async (call, a, b, index) => {
      const theirs = await peer(a).space(`${call}.space`);
      await peer(a + 1).poke(`${call}'`, theirs, placeOf(index), b + 1);
      return seen(call, a, index, b + 1);
    },
    rest: (_call, a) => timer.sleep(a % 5),
  };
  const peer = (n: number): Client<typeof Peer> => sessions.get(others[n % others.length]!)!;

  const pending: (() => Promise<void>)[] = [];
  const collect = async (): Promise<void> => {
    for (const each of pending.splice(0)) await each();
  };
  for (const [index, [deed, a = 0, b = 0, waits = 0]] of script.entries()) {
    const call = `${name}${index}`;
    const told = (async () => deeds[deed]!(call, a, b, index))().then(
      (result) => `> ${call} ${deed} ${JSON.stringify(result)}`,
      (error: Error) => `> ${call} ${deed} ${error.name} ${error.message}`,
    );
    // Some are waited for at once, others only after more were made; those of an object keep their order.
    pending.push(async () => console.log(await told));
    if (waits % 3 !== 0 || deed === "make") await collect();
  }
  await collect();
  console.log("> done");
});
