// Law 3 at a pair of gates whose ends are both kept: neither tells the other anything that a crash could take back,
// whatever its disk has done by then. Messages cross real sockets; the disks are slow, fast and cut off as a schedule says.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import * as fc from "fast-check";
import { newConversation } from "../../runtime/provider/gate/conversation.ts";
import { Talk } from "../../runtime/provider/gate/paired-talk.ts";
import type { GateProviderSpec } from "../../runtime/shard/protocol.ts";
import { program } from "../domain/program.ts";
import { World } from "../domain/world.ts";
import { DurableChild } from "./durable-child.ts";

const LETTERS = 20;

/** More than two undisturbed ends need. */
const MOST_ROUNDS = 4000;

/** Writes letters, at most three ahead of what it has read, and logs what it reads. */
const WRITER = `
const { name } = await env.config();
const log = await env.session(c.Log);
const gate = await env.session(c.Gate, { label: "post" });
let read = 0;
let goOn = () => {};
const write = async () => {
  for (let n = 1; n <= ${LETTERS}; n++) {
    while (n > read + 3) await new Promise((resolve) => { goOn = resolve; });
    const sent = gate.send(name + " " + n);
    if (n % 3 !== 0) await sent;
  }
};
const receive = async () => {
  for (; read < ${LETTERS}; goOn()) {
    await log.write(await gate.receive());
    read += 1;
  }
};
await Promise.all([write(), receive()]);
`;

type Crash = "written" | "unwritten" | "power";

type Act =
  | { readonly who: 0 | 1; readonly act: "steps"; readonly count: number }
  | { readonly who: 0 | 1; readonly act: "slow" | "sync" }
  | { readonly who: 0 | 1; readonly act: "checkpoint" }
  | { readonly who: 0 | 1; readonly act: "crash"; readonly how: Crash; readonly admitted: boolean };

const who = fc.constantFrom<0 | 1>(0, 1);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ who, act: fc.constant("steps" as const), count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 3, arbitrary: fc.record({ who, act: fc.constantFrom("slow" as const, "sync" as const) }) },
  { weight: 1, arbitrary: fc.record({ who, act: fc.constant("checkpoint" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ who, act: fc.constant("crash" as const), admitted: fc.boolean() },
      how: fc.constantFrom<Crash>("written", "unwritten", "power"),
    }),
  },
);

class Pair {
  readonly #bytecode: Uint8Array;
  readonly #folder: string;
  readonly worlds: readonly World[];
  #children: DurableChild[] = [];

  constructor(bytecode: Uint8Array, folder: string) {
    this.#bytecode = bytecode;
    this.#folder = folder;
    const gate = (listen: boolean): GateProviderSpec => ({
      ...{ kind: "unix", path: join(folder, "post.sock"), listen, framing: "cryonode" },
      ...{ rights: ["send", "receive"], retry: { tries: 10_000, first: 1, longest: 2, connect: 50 } },
    });
    this.worlds = ["anna", "bruno"].map(
      (name, at) => new World({ name, config: { name }, outer: { post: gate(at === 0) } }),
    );
  }

  async begin(): Promise<void> {
    for (const world of this.worlds) this.#children.push(await DurableChild.boot(this.#bytecode, world));
  }

  async play(acts: readonly Act[]): Promise<void> {
    for (const each of acts) {
      const child = this.#children[each.who]!;
      if (child.domain.state !== "running") continue;
      switch (each.act) {
        case "steps":
          for (let step = 0; step < each.count; step++) await child.advance();
          break;
        case "slow":
          child.file.hold();
          break;
        case "sync":
          child.file.release();
          break;
        case "checkpoint":
          await child.checkpoint();
          break;
        case "crash":
          await this.#crash(child, each.how, each.admitted);
      }
    }
  }

  async #crash(child: DurableChild, how: Crash, admitted: boolean): Promise<void> {
    if (how === "written") child.write();
    await child.crash();
    await child.recover(how === "power" ? "lost" : "kept", admitted);
  }

  /** Undisturbed from here on. */
  async end(): Promise<void> {
    for (const child of this.#children) {
      child.file.release();
      await child.checkpoint();
    }
    const isOver = (): boolean => this.worlds.every(({ ending }) => ending !== null);
    for (let round = 0; round < MOST_ROUNDS && !isOver(); round++)
      for (const child of this.#children) await child.advance();
  }

  async close(): Promise<void> {
    for (const child of this.#children) await child.crash();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

describe("the two ends of a pair, kept", () => {
  it("fault 7: what was sent before a crash is not counted among what may have been sent", () => {
    const talk = new Talk(
      { name: "post", message: 100, window: { messages: 9, bytes: 900 } },
      { ...newConversation(), sent: 3, unacknowledged: ["2", "3"], repeats: 1 },
    );
    expect(talk.standing).include({ sent: 4, acknowledged: 1 });
    expect(talk.acknowledged(4)).equal(null);
    expect(talk.record).include({ sent: 3, repeats: 1 });
  });

  it("law 3: tell each other nothing that a crash takes back", async function () {
    this.timeout(120_000);
    const bytecode = await program(WRITER);
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 60 }), async (acts) => {
        const pair = new Pair(bytecode, await mkdtemp(join(tmpdir(), "cryonode-pair-")));
        try {
          await pair.begin();
          await pair.play(acts);
          await pair.end();
          const letters = (name: string): string[] =>
            Array.from({ length: LETTERS }, (_, n) => `${name} ${n + 1}`);
          const { worlds } = pair;
          expect(worlds.map(({ log }) => log)).deep.equal([letters("bruno"), letters("anna")]);
          expect(worlds.map(({ ending }) => ending)).deep.equal(
            worlds.map(() => ({ kind: "exited", code: 0 })),
          );
        } finally {
          await pair.close();
        }
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });
});
