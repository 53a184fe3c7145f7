// What comes in at a durable host is kept in its store before it is known whose it will be: what is given up is gone, what a
// crash leaves is taken up or taken away, and what is staged is whole.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { openKeeper, type OpenKeeper } from "../../runtime/host/durable-folder.ts";
import { startRuntime, type Runtime } from "../../runtime/host/runtime.ts";
import { roomyMemory } from "../../runtime/host/advances.ts";
import { CONTAINER_FORMAT, type Container } from "../../runtime/migrate/container.ts";
import { FormerMemories } from "../../runtime/migrate/former-memories.ts";
import { KeptLandings } from "../../runtime/migrate/kept-landings.ts";
import { digestOf } from "../../runtime/migrate/landings.ts";
import { sealContainer } from "../../runtime/migrate/sealed-container.ts";
import { left, right } from "../image/either.ts";
import { noise } from "../image/sample-image.ts";

const IDENTITY = "00000000-0000-4000-8000-000000000001";
const TASK = "00000000-0000-4000-8000-00000000000a";
const PAGE = 65536;

describe("what comes in at a durable host", () => {
  let folder: string;
  let runtime: Runtime;
  let open: OpenKeeper;
  let bound: number | null = null;
  let warnings: string[] = [];
  let landings: KeptLandings;

  const opened = async (): Promise<void> => {
    open = right(await openKeeper(runtime, () => {}));
    warnings = [];
    landings = new KeptLandings({
      ...{ keeper: open.keeper, former: new FormerMemories(join(folder, "former")), folder },
      bound: () => bound,
      warn: (text) => void warnings.push(text),
    });
  };
  /** What a crash leaves is what is in the store. */
  const crash = async (): Promise<void> => {
    await open.close();
    await opened();
  };
  const early = async (): Promise<number> => right(await open.keeper.advances.found()).length;
  const tasks = async (): Promise<readonly string[]> =>
    right(await landings.staged()).containers.map(({ task }) => task);
  const traveler = () => ({ identity: IDENTITY, name: "one", base: runtime.bases.current.hash });

  const memoryOf = (seed: number): Uint8Array => {
    const memory = roomyMemory(40 * PAGE);
    memory.set(noise(memory.length, seed));
    return memory;
  };

  const containerOf = (memory: Uint8Array, format: Container["format"]): Container => ({
    ...{
      format,
      task: TASK,
      from: runtime.signer.publicKey,
      to: runtime.signer.publicKey,
      cargo: [],
    },
    manifest: {
      ...{ format: 1 as const, image: TASK, created: 0, host: "here" },
      children: [
        {
          ...{
            name: "one",
            label: "init -> one",
            quota: { ram: 1 << 24, caps: 10 },
            identity: IDENTITY,
            generation: 3,
            memoryBytes: memory.length,
            ledger: null,
          },
          platform: {
            ...{ engine: runtime.engine.hash, base: runtime.bases.current.hash },
            ...{ wordSize: 32 as const, byteOrder: "little" as const },
          },
          code: { file: "one.ts", hash: "0".repeat(64), sourceMap: "" },
          registers: { stackPointer: 0, runtime: 0, context: 0 },
        },
      ],
    },
    memories: [digestOf(memory, format)],
  });

  const stage = async (
    memory: Uint8Array,
    chunks: readonly number[],
    stay?: unknown,
    format: Container["format"] = CONTAINER_FORMAT,
  ) => {
    const container = containerOf(memory, format);
    const sealed = right(sealContainer(container, runtime.signer));
    return landings.stage(container, sealed, [{ stay: stay as never, memory, chunks }]);
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "cryonode-landings-"));
    runtime = right(await startRuntime(join(folder, "state")));
  });
  beforeEach(async () => {
    bound = null;
    await opened();
  });
  afterEach(() => open.close());
  after(async () => {
    await runtime.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("is gone when it is given up", async () => {
    const stay = right(await landings.open(traveler()));
    const memory = memoryOf(1);
    right(await stay.save(memory.subarray(0, 8 * PAGE), []));
    right(await stay.save(memory, []));
    expect(await early()).to.equal(1);
    await stay.close();
    expect(await early()).to.equal(0);
    await landings.tidy();
    expect(warnings).to.deep.equal([]);
  });

  it("fault 37: is gone after a crash that came before its container", async () => {
    const stay = right(await landings.open(traveler()));
    right(await stay.save(memoryOf(2), []));
    await crash();
    expect(await early()).to.equal(1);
    await landings.tidy();
    expect(await early()).to.equal(0);
    expect(await tasks()).to.deep.equal([]);
  });

  it("fault 38: is there again after a crash that came after its container, whole, until it is settled", async () => {
    const stay = right(await landings.open(traveler()));
    const memory = memoryOf(3);
    right(await stay.save(memory, []));
    memory.fill(1, 5 * PAGE, 5 * PAGE + 100);
    right(await stage(memory, [5], stay));
    await stay.close();
    await crash();
    await landings.tidy();
    expect(await tasks()).to.deep.equal([TASK]);
    const landed = right(await landings.read(TASK));
    expect(Buffer.compare(landed.memories[0]!, memory)).to.equal(0);
    expect(await landings.holds(IDENTITY)).to.equal(true);
    landings.seed(landed.container, landed.memories);
    expect(open.keeper.advances.take(IDENTITY)?.known).to.equal(memory.length);
    await landings.discard(TASK);
    expect(await early()).to.equal(0);
    expect(await tasks()).to.deep.equal([]);
    expect(E.isLeft(await landings.read(TASK))).to.equal(true);
    expect(await landings.holds(IDENTITY)).to.equal(false);
    expect(warnings).to.deep.equal([]);
  });

  it("is read where an earlier release has left it, whose containers named smaller chunks", async () => {
    const stay = right(await landings.open(traveler()));
    const memory = memoryOf(6);
    right(await stage(memory, [], stay, 1));
    await stay.close();
    await crash();
    const landed = right(await landings.read(TASK));
    expect(landed.container.format).to.equal(1);
    expect(Buffer.compare(landed.memories[0]!, memory)).to.equal(0);
    await landings.discard(TASK);
  });

  it("is not taken for what its container names where it is otherwise", async () => {
    const stay = right(await landings.open(traveler()));
    const memory = memoryOf(4);
    right(await stay.save(memory, []));
    memory.fill(1, 0, 100);
    // What changed is not said.
    right(await stage(memory, [], stay));
    await stay.close();
    await crash();
    expect(left(await landings.read(TASK))).to.have.nested.property("error.error.tag", "ChecksumMismatch");
    await landings.discard(TASK);
  });

  it("takes no more of the disk than its entry has, and what it took is given back", async () => {
    bound = 10 * PAGE;
    const stay = right(await landings.open(traveler()));
    const memory = memoryOf(5);
    right(await stay.save(memory.subarray(0, 8 * PAGE), []));
    const over = left(await stay.save(memory, []));
    expect(over).to.have.nested.property("error.error.tag", "OverBound");
    expect(left(await stage(memory, [], stay))).to.have.nested.property("error.error.tag", "OverBound");
    expect(await tasks()).to.deep.equal([]);
    await stay.close();
    expect(await early()).to.equal(0);
  });

  it("whoever has begun to live in its memories and did not stay comes from what is kept of them", async () => {
    const memory = memoryOf(5);
    const stay = right(await landings.open(traveler()));
    right(
      await stage(
        memory,
        Array.from({ length: 40 }, (_, i) => i),
        stay,
      ),
    );
    const container = containerOf(memory, CONTAINER_FORMAT);
    landings.seed(container, [memory]);
    expect(right(await landings.intact(TASK, [memory]))[0]).to.equal(memory);
    const came = new Uint8Array(memory);
    memory.fill(1, 0, 100);
    landings.unseed(container);
    expect(Buffer.compare(right(await landings.intact(TASK, [memory]))[0]!, came)).to.equal(0);
    await landings.discard(TASK);
  });
});
