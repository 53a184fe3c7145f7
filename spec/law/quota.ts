// Law 6 as an assertion: after each of any requests, granted or refused, the quota in use is what a model says, and
// what was handed to the parent is what the child no longer has.
import { expect } from "chai";
import { Harness } from "../domain/harness.ts";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import type { Deed } from "./replay.ts";

/** Figures of the component's own model, as it logs them: in use beside the machine's memory, and assigned. */
interface Model {
  readonly deed: string;
  readonly refused: string | null;
  readonly caps: number;
  readonly ram: number;
  readonly quotaCaps: number;
  readonly quotaRam: number;
}

const QUOTA = { ram: 6 << 20, caps: 18 };

/** A component that carries out the script in its config, and keeps its own books. */
export const bookkeeper = (): Promise<Uint8Array> =>
  program(`
  const script: [string, number, number][] = await env.config();
  const log = await env.session(c.Log);
  const fs: any = await env.session(c.FileSystem, { label: "data" });
  const model = { caps: 2, ram: 8192, quotaCaps: ${QUOTA.caps}, quotaRam: ${QUOTA.ram} };
  const live: any = { sessions: [], files: [], spaces: [] };
  const drop = (list: any[], n: number) => (list.length === 0 ? undefined : list.splice(n % list.length, 1)[0]);
  const services: any = [c.Timer, c.Log, c.Report, c.Gate, c.session("Nobody", {})];
  const deeds: Record<string, (a: number, b: number) => Promise<void>> = {
    async session(a, b) {
      const ram = [undefined, 10000, 1e9][b % 3];
      const caps = [undefined, 3, 1000, undefined][b % 4];
      const options: any = { label: "line" };
      if (ram !== undefined) options.ram = ram;
      if (caps !== undefined) options.caps = caps;
      const session = await env.session(services[a % 5], options);
      const cost = { ram: Math.max(4096, ram ?? 0), caps: Math.max(1, caps ?? 0) };
      live.sessions.push({ session, ...cost });
      model.ram += cost.ram;
      model.caps += cost.caps;
    },
    async close(a) {
      const closed = drop(live.sessions, a);
      if (closed === undefined) return;
      model.ram -= closed.ram;
      model.caps -= closed.caps;
      await closed.session.close();
    },
    async open(a, b) {
      live.files.push(await fs.open(["a", "nowhere/x", "../x", "b"][a % 4], { write: true, create: b % 2 === 0 }));
      model.caps++;
    },
    async closeFile(a) {
      const file = drop(live.files, a);
      if (file === undefined) return;
      await file.close();
      model.caps--;
    },
    async alloc(a, b) {
      const bytes = [0, 100, 70000, 1 << 20, 1e9][b % 5]! + a;
      live.spaces.push({ space: await env.ram.alloc(bytes), bytes, regions: [] });
      model.caps++;
      model.ram += bytes;
    },
    async free(a) {
      const freed = drop(live.spaces, a);
      if (freed === undefined) return;
      model.caps -= 1 + freed.regions.length;
      model.ram -= freed.bytes;
      await env.ram.free(freed.space);
    },
    async attach(a, b) {
      const one = live.spaces[a % (live.spaces.length || 1)];
      if (one === undefined) return;
      one.regions.push(await env.rm.attach(one.space, b % 2 ? { at: 0x10000000 + b * 4096 } : {}));
      model.caps++;
    },
    async detach(a, b) {
      const one = live.spaces[a % (live.spaces.length || 1)];
      const region = one === undefined ? undefined : drop(one.regions, b);
      if (region === undefined) return;
      await env.rm.detach(region);
      model.caps--;
    },
    async transfer(a, b) {
      const caps = [0, 1, 1000][a % 3]!;
      const ram = [0, 4096, 1e9][b % 3]!;
      await env.pd.transfer(a + b === 7 ? "sibling" : "parent", { caps, ram });
      model.quotaCaps -= caps;
      model.quotaRam -= ram;
    },
    async ramTransfer(a) {
      const ram = [1, 100, 1e10][a % 3]!;
      await env.ram.transfer("parent", ram);
      model.quotaRam -= ram;
    },
    async thread() {
      await env.cpu.thread("t", () => {});
      model.caps++;
    },
  };
  for (const [deed, a, b] of script) {
    let refused = null;
    try { await deeds[deed]!(a, b); } catch (error) { refused = (error as Error).name; }
    await log.write(JSON.stringify({ deed, refused, ...model }));
  }
`);

export const QUOTA_DEEDS =
  "session session close open open closeFile alloc alloc free attach attach detach transfer ramTransfer thread".split(
    " ",
  );

/** Returns how many requests were refused. */
export const assertQuotaConserved = async (
  bytecode: Uint8Array,
  script: readonly Deed[],
): Promise<number> => {
  const world = new World({ config: script, quota: QUOTA, files: { data: {} }, gates: ["line"] });
  const harness = Harness.boot(bytecode, world);
  let told = 0;
  let refusals = 0;
  for (let more = true; more;) {
    more = await harness.advance();
    const { domain } = harness;
    if (domain.state !== "running") break;
    const ram = domain.ram();
    const caps = domain.caps();
    expect(ram.used, "within the quota").most(ram.quota);
    expect(caps.used).most(caps.quota);
    expect([ram.quota + world.returned.ram, caps.quota + world.returned.caps]).deep.equal([
      QUOTA.ram,
      QUOTA.caps,
    ]);
    if (world.log.length === told) continue;
    told = world.log.length;
    const model = JSON.parse(world.log.at(-1)!) as Model;
    if (model.refused !== null) refusals++;
    expect(
      {
        caps: caps.used,
        ram: ram.used - domain.machine.size,
        quotaCaps: caps.quota,
        quotaRam: ram.quota,
      },
      `after ${world.log.at(-1)}`,
    ).deep.equal({ caps: model.caps, ram: model.ram, quotaCaps: model.quotaCaps, quotaRam: model.quotaRam });
  }
  expect(world.ending?.kind === "exited" || /ram quota|memory/.test(JSON.stringify(world.ending))).equal(
    true,
  );
  await harness.drop();
  expect(world.handles.open).equal(0);
  return refusals;
};
