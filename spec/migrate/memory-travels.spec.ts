// A memory goes over a channel, in rounds: whatever the sink had before, it has the same in the end, and of what it had in
// another form only pages are sent.
import { expect } from "chai";
import * as fc from "fast-check";
import { E } from "../../lib/fp.ts";
import { roomyMemory } from "../../runtime/host/advances.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import { digestOf } from "../../runtime/migrate/landings.ts";
import { duplexPair } from "../../runtime/migrate/local-link.ts";
import { MemoryIntake } from "../../runtime/migrate/memory-intake.ts";
import { chunkBytes, pageBytes } from "../../runtime/migrate/message.ts";
import { Outgoing } from "../../runtime/migrate/outgoing.ts";
import { Packer } from "../../runtime/migrate/packer.ts";
import { right } from "../image/either.ts";

const MOST = 1 << 28;

/** Bytes that don't deflate, and are the same for the same seed. */
const noise = (bytes: number, seed: number): Uint8Array => {
  const words = new Uint32Array(bytes / 4);
  let word = seed + 1;
  for (let i = 0; i < words.length; i++) words[i] = word = (Math.imul(word, 1664525) + 1013904223) ^ i;
  return new Uint8Array(words.buffer);
};

class Travel {
  readonly outgoing = new Outgoing();
  readonly intake: MemoryIntake;
  readonly #source: Channel;
  readonly #sink: Channel;
  /** Chunks that were handed to the store, each with its hash. */
  readonly saved: number[] = [];
  heardChunks: () => void = () => {};

  constructor(former: Uint8Array) {
    const [near, far] = duplexPair();
    this.#source = new Channel(near, { peer: "sink" });
    this.#sink = new Channel(far, { peer: "source" });
    const mine = roomyMemory(former.length);
    mine.set(former);
    this.intake = new MemoryIntake({
      former: mine,
      most: MOST,
      stay: {
        load: () => Promise.resolve(null),
        close: () => Promise.resolve(),
        save: (memory) => {
          this.saved.push(memory.length);
          return Promise.resolve(E.right(undefined));
        },
      },
    });
    void this.#take();
  }

  async #take(): Promise<void> {
    for (;;) {
      const heard = await this.#sink.next(["table", "chunks", "round"]);
      if (E.isLeft(heard)) return;
      const said = heard.right;
      if (said.kind === "round") await this.#sink.send({ kind: "settled", number: 0 });
      if (said.kind === "chunks") {
        right(this.intake.chunks(said.stored, said.pages, said.body));
        this.intake.ahead();
        this.heardChunks();
      }
      if (said.kind !== "table") continue;
      right(await this.intake.ready(said.body, said.memoryBytes));
      const lacking = right(this.intake.table(said.body, said.memoryBytes, said.asks));
      if (lacking !== null) await this.#sink.send({ kind: "lacking" }, lacking);
    }
  }

  /** Sends what was noted; answers the bytes that went out. */
  async round(): Promise<number> {
    const before = this.#source.sent;
    right(await this.outgoing.send(this.#source, 0, new Packer(), new AbortController().signal));
    await this.#source.send({ kind: "round", number: 0 });
    right(await this.#source.next(["settled"]));
    return this.#source.sent - before;
  }

  arrived(memory: Uint8Array): void {
    expect(this.intake.awaits).to.equal(false);
    expect(Buffer.compare(this.intake.memory, memory)).to.equal(0);
    expect(Buffer.compare(this.intake.digest(), digestOf(memory))).to.equal(0);
    expect(Buffer.compare(this.outgoing.digest(), digestOf(memory))).to.equal(0);
  }

  close(): void {
    this.#source.close();
    this.#sink.cut();
  }
}

describe("a memory on its way", () => {
  it("says how much of it is left while it goes, down to nothing", async () => {
    const travel = new Travel(noise(chunkBytes, 1));
    // Two chunks of it are alike what the sink has, or one another.
    const memory = noise(40 * chunkBytes, 3);
    memory.set(noise(chunkBytes, 1), 0);
    memory.copyWithin(5 * chunkBytes, 4 * chunkBytes, 5 * chunkBytes);
    travel.outgoing.note({ memory, changed: null });
    expect(travel.outgoing.left).to.equal(memory.length);
    const seen: number[] = [];
    travel.heardChunks = () => seen.push(travel.outgoing.left);
    await travel.round();
    expect(seen.length).to.be.greaterThan(1);
    expect(seen).to.deep.equal(seen.toSorted((a, b) => b - a));
    expect(seen.at(-1)).to.be.lessThan(memory.length);
    expect(travel.outgoing.left).to.equal(0);
    travel.arrived(memory);
    travel.close();
  });

  it("law 1: is the same at its sink, whatever was there and whatever changes between two rounds", async function () {
    this.timeout(60_000);
    const change = fc.record({ page: fc.nat(400), seed: fc.nat(5), grown: fc.nat(2) });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(fc.nat(24), fc.integer({ min: 1, max: 24 })),
        fc.array(change, { maxLength: 8 }),
        async ([had, has], changes) => {
          const travel = new Travel(noise(had * chunkBytes, 1));
          let memory = noise(has * chunkBytes, 1);
          memory.set(noise(pageBytes, 9), (has - 1) * chunkBytes);
          travel.outgoing.note({ memory, changed: null });
          await travel.round();
          travel.arrived(memory);
          for (const { page, seed, grown } of changes) {
            const next = new Uint8Array(memory.length + grown * chunkBytes);
            next.set(memory);
            const changed = page % (next.length / pageBytes);
            next.set(seed === 0 ? new Uint8Array(pageBytes) : noise(pageBytes, seed), changed * pageBytes);
            memory = next;
            travel.outgoing.note({ memory, changed: [changed] });
            if (seed > 2) continue;
            await travel.round();
            travel.arrived(memory);
          }
          await travel.round();
          travel.arrived(memory);
          travel.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  it("of more than one table is saved while it comes in, and costs pages once it is there", async function () {
    this.timeout(60_000);
    const travel = new Travel(new Uint8Array());
    const memory = noise(400 * chunkBytes, 3);
    travel.outgoing.note({ memory, changed: null });
    expect(await travel.round()).to.be.greaterThan(memory.length);
    travel.arrived(memory);
    expect(travel.saved).to.not.deep.equal([]);
    expect(travel.saved).to.deep.equal(travel.saved.toSorted((a, b) => a - b));
    memory.set(noise(pageBytes, 7), 33 * pageBytes);
    memory.set(noise(pageBytes, 8), 36 * pageBytes);
    travel.outgoing.note({ memory, changed: [33, 36] });
    expect(travel.outgoing.left).to.equal(2 * pageBytes);
    expect(await travel.round()).to.be.lessThan(3 * pageBytes);
    travel.arrived(memory);
    travel.close();

    // It was there before, and comes back with some pages changed: the source does not know which.
    const again = new Travel(memory);
    memory.set(noise(pageBytes, 10), 16 * 77 * pageBytes);
    again.outgoing.note({ memory, changed: null });
    expect(await again.round()).to.be.lessThan(400 * 40 + 2 * pageBytes);
    again.arrived(memory);
    again.close();
  });

  it("faults 17 and 18: that is not what was announced, or is out of its bounds, is refused", async () => {
    const travel = new Travel(new Uint8Array());
    const { intake } = travel;
    const refused = (result: E.Either<unknown, unknown>): void => {
      expect(result).to.have.nested.property("left.tag", "Protocol");
    };
    const row = Buffer.alloc(36, 7);
    row.writeUInt32LE(0, 0);
    refused(intake.table(row, chunkBytes / 4, true));
    refused(intake.table(row, MOST + chunkBytes, true));
    refused(intake.chunks([chunkBytes], [65535], new Uint8Array(chunkBytes)));
    right(intake.table(row, chunkBytes, true));
    refused(intake.table(row, 2 * chunkBytes, true));
    refused(intake.chunks([chunkBytes], [], new Uint8Array(chunkBytes)));
    refused(intake.chunks([pageBytes], [0], new Uint8Array(pageBytes)));
    refused(intake.chunks([pageBytes], [65536], new Uint8Array(pageBytes)));
    refused(intake.chunks([pageBytes + 1], [2], new Uint8Array(pageBytes + 1)));
    refused(intake.chunks([5], [2], new Uint8Array(5)));
    travel.close();
  });
});
