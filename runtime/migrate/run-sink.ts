// The sink's side of one migration, from `receive` until the source has decided. Nothing of what comes is believed
// before it was checked, and until the container is durable nothing of it outlives the connection.
import { E, type Either } from "../../lib/fp.ts";
import { decode } from "../image/cbor-reader.ts";
import { encode } from "../image/cbor.ts";
import { imageProse } from "../image/image-error.ts";
import type { PublicKey } from "../image/public-key.ts";
import type { Channel } from "./channel.ts";
import { CONTAINER_FORMAT, MOST_CONTAINER_BYTES, type Container } from "./container.ts";
import { foremost, type Lack } from "./lack.ts";
import type { Landed, Landings } from "./landings.ts";
import { roomyMemory } from "../host/advances.ts";
import { MemoryIntake } from "./memory-intake.ts";
import { migrateProse, type MigrateError } from "./migrate-error.ts";
import { isUuid } from "../uuid.ts";
import { AllRequirements, type Requirements } from "./requirements.ts";
import type { RoleEvent } from "./role.ts";
import { openContainer, type SealedContainer } from "./sealed-container.ts";
import type { Arrival, SinkHost } from "./sink-host.ts";
import type { Stay, Stays, Unsaved } from "./stays.ts";

export interface SinkRunOptions {
  /** Greeted already. */
  readonly channel: Channel;
  /** Who sends: its pinned key, and what it calls itself. */
  readonly from: PublicKey;
  readonly peer: string;
  readonly own: PublicKey;
  readonly task: string;
  /** Who was asked for; null: nobody was. */
  readonly wanted: readonly string[] | null;
  readonly sink: SinkHost;
  readonly stays: Stays;
  readonly landings: Landings;
  /** Tells the role of the task's travelers; Left: it has no place for that. */
  readonly said: (names: readonly string[], said: RoleEvent | "receive") => Either<MigrateError, void>;
  /** Told who it is about, before anything is done: resolves when what the source had begun with them before is over. */
  readonly announced: (names: readonly string[]) => Promise<void>;
}

/** A container that is durable here, and undecided. */
export interface Prepared extends Landed {
  readonly arrival: Arrival;
}

interface Incoming {
  readonly stays: readonly Stay[];
  readonly intakes: readonly MemoryIntake[];
}

const protocol = (place: string, expected: string, actual: string): Either<MigrateError, never> =>
  E.left({ tag: "Protocol", place, expected, actual });

/** What a memory begins as that was never here. */
const beginning = (base: Uint8Array | null): Uint8Array => {
  const memory = roomyMemory(base?.length ?? 0);
  if (base !== null) memory.set(base);
  return memory;
};

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean =>
  a !== undefined && Buffer.compare(a, b) === 0;

export class SinkRun {
  readonly #options: SinkRunOptions;
  #names: readonly string[] = [];

  constructor(options: SinkRunOptions) {
    this.#options = options;
  }

  /** Takes a task's container in, `body` being what came with `receive`. Right: it is durable, and the source has been
   *  told so. Left: nothing of it is left here, and the source has been told why where it still hears. */
  async run(body: Uint8Array): Promise<Either<MigrateError, Prepared>> {
    const travelers = this.#requirements(body);
    if (E.isLeft(travelers)) return this.#refuse(travelers.left);
    const names = travelers.right.map(({ name }) => name);
    const { sink, said, wanted, channel, announced } = this.#options;
    const isWanted = wanted === null || wanted.toSorted().join("\n") === names.toSorted().join("\n");
    if (!isWanted)
      return this.#refuse({
        ...{ tag: "Protocol", place: "receive" },
        ...{ expected: wanted.join(", "), actual: names.join(", ") },
      });
    await channel.working(announced(names));
    const place = said(names, "receive");
    if (E.isLeft(place)) return this.#refuse(place.left);
    this.#names = names;
    const lacks = await sink.check(travelers.right);
    if (lacks.length > 0) return this.#give(await this.#refuseFor(lacks));
    const arrival = sink.expect(names);
    if (E.isLeft(arrival)) return this.#give(await this.#refuse(arrival.left));
    const prepared = await this.#receive(travelers.right, arrival.right);
    if (E.isRight(prepared)) return prepared;
    arrival.right.close();
    return this.#give(prepared);
  }

  /** The role goes back to what it was. */
  #give(left: Either<MigrateError, never>): Either<MigrateError, never> {
    this.#options.said(this.#names, "abandoned");
    return left;
  }

  #requirements(body: Uint8Array): Either<MigrateError, readonly Requirements[]> {
    const value = decode(body, "receive");
    const read = E.isLeft(value) ? null : AllRequirements.decode(value.right);
    if (read === null || E.isLeft(read))
      return protocol("receive", "requirements of travelers", "something else");
    const travelers = read.right;
    const names = new Set(travelers.map(({ name }) => name));
    const identities = new Set(travelers.map(({ identity }) => identity));
    const isDistinct = names.size === travelers.length && identities.size === travelers.length;
    const areUuids = travelers.every(({ identity }) => isUuid(identity));
    return travelers.length > 0 && isDistinct && areUuids
      ? E.right(travelers)
      : protocol(
          "receive",
          "one or more travelers, each with a name and identity of its own",
          `${travelers.length}`,
        );
  }

  async #refuse(error: MigrateError): Promise<Either<MigrateError, never>> {
    const { channel } = this.#options;
    if (channel.failed === null) {
      const reason = migrateProse(error).slice(0, 2000);
      await channel.send({ kind: "refused", name: error.tag, reason });
      channel.close();
    }
    return E.left(error);
  }

  async #refuseFor(lacks: readonly Lack[]): Promise<Either<MigrateError, never>> {
    const { channel, sink } = this.#options;
    const told = foremost(lacks).map((lack) => ({ ...lack, reason: lack.reason.slice(0, 500) }));
    await channel.send({ kind: "refused", name: "Lacking", reason: "" }, encode(told));
    channel.close();
    return E.left({ tag: "Lacking", host: sink.facts.host, lacks });
  }

  async #receive(
    travelers: readonly Requirements[],
    arrival: Arrival,
  ): Promise<Either<MigrateError, Prepared>> {
    const incoming = await this.#open(travelers);
    if (E.isLeft(incoming)) return this.#refuse(incoming.left);
    try {
      await this.#options.channel.send({ kind: "accepted" });
      const taken = await this.#take(travelers, incoming.right, arrival);
      if (E.isLeft(taken)) return await this.#refuse(taken.left);
      return await this.#stage(taken.right, incoming.right, arrival);
    } finally {
      await Promise.all(incoming.right.intakes.map((intake) => intake.saved()));
      await Promise.all(incoming.right.stays.map((stay) => stay.close()));
    }
  }

  async #open(travelers: readonly Requirements[]): Promise<Either<MigrateError, Incoming>> {
    const { sink, channel } = this.#options;
    const stays: Stay[] = [];
    const intakes: MemoryIntake[] = [];
    for (const { identity, base, name } of travelers) {
      const stay = await this.#options.stays.open({ identity, base, name });
      if (E.isRight(stay)) stays.push(stay.right);
      // Under whatever name: the memory that is kept of it is that one's.
      const isHeld = E.isRight(stay) && (await this.#options.landings.holds(identity));
      if (E.isLeft(stay) || isHeld) {
        await Promise.all(stays.map((each) => each.close()));
        const held = { tag: "Unfit", child: name, reason: "lies here already, in a container" } as const;
        return E.isLeft(stay) ? stay : E.left(held);
      }
      const most = sink.room(name);
      const kept = await channel.working(stay.right.load());
      const former = kept !== null && kept.length <= most ? kept : beginning(sink.base(base));
      intakes.push(new MemoryIntake({ stay: stay.right, former, most }));
    }
    return E.right({ stays, intakes });
  }

  /** Rounds, and then the container. */
  async #take(
    travelers: readonly Requirements[],
    { intakes }: Incoming,
    arrival: Arrival,
  ): Promise<Either<MigrateError, readonly [Container, SealedContainer]>> {
    const { channel } = this.#options;
    let current: MemoryIntake = intakes[0]!;
    let description: Uint8Array | null = null;
    let filled = 0;
    for (;;) {
      const heard = await channel.next(["table", "chunks", "round", "container", "seal"]);
      if (E.isLeft(heard)) return heard;
      const said = heard.right;
      const isRest = said.kind === "container" || said.kind === "seal";
      if (description !== null && !isRest) return protocol(said.kind, "the rest of the container", said.kind);
      const isOfMemory =
        said.kind === "chunks" || (said.kind === "table" && intakes[said.traveler] === current);
      if (!isOfMemory && current.awaits)
        return protocol(said.kind, "the chunks that were announced", said.kind);
      switch (said.kind) {
        case "table": {
          const intake = intakes[said.traveler];
          if (intake === undefined)
            return protocol("table", `one of ${intakes.length} travelers`, `${said.traveler}`);
          const ready = await channel.working(intake.ready(said.body, said.memoryBytes));
          if (E.isLeft(ready)) return ready;
          current = intake;
          const lacking = intake.table(said.body, said.memoryBytes, said.asks);
          if (E.isLeft(lacking)) return lacking;
          if (lacking.right !== null) await channel.send({ kind: "lacking" }, lacking.right);
          break;
        }
        case "chunks": {
          const taken = current.chunks(said.stored, said.pages, said.body);
          if (E.isLeft(taken)) return taken;
          current.ahead();
          break;
        }
        case "round": {
          // Where it will live takes it in while it is made durable: that must be over when the source has stopped.
          for (const [i, { name }] of travelers.entries()) {
            const intake = intakes[i]!;
            const changed = intake.handOn();
            if (changed !== null) arrival.changed(name, changed);
            arrival.prepare(name, intake.memory);
          }
          const settled = await channel.working(this.#settle(intakes));
          if (E.isLeft(settled)) return settled;
          await channel.send({ kind: "settled", number: said.number });
          break;
        }
        case "container": {
          if (said.total > MOST_CONTAINER_BYTES || said.total === 0)
            return protocol("container", `at most ${MOST_CONTAINER_BYTES} bytes`, `${said.total}`);
          description ??= new Uint8Array(said.total);
          const fits = said.total === description.length && said.at === filled && said.body.length > 0;
          if (!fits || filled + said.body.length > description.length)
            return protocol(
              "container",
              `the piece at ${filled} of ${description.length} bytes`,
              `the one at ${said.at}`,
            );
          description.set(said.body, filled);
          filled += said.body.length;
          break;
        }
        case "seal": {
          if (description === null || filled !== description.length)
            return protocol("seal", "the whole container before it", `${filled} bytes of it`);
          const sealed = { description, signature: new Uint8Array(said.body) };
          const container = this.#opened(sealed, travelers, intakes);
          return E.isLeft(container) ? container : E.right([container.right, sealed] as const);
        }
      }
    }
  }

  /** The container, if it is the one that was announced, from its source to us, with the memories that came. */
  #opened(
    sealed: SealedContainer,
    travelers: readonly Requirements[],
    intakes: readonly MemoryIntake[],
  ): Either<MigrateError, Container> {
    const { from, own, task } = this.#options;
    const opened = openContainer(sealed);
    if (E.isLeft(opened)) return protocol("container", "a sealed container", imageProse(opened.left));
    const container = opened.right;
    const { children } = container.manifest;
    if (container.format !== CONTAINER_FORMAT)
      return protocol("container", `format ${CONTAINER_FORMAT}`, `format ${container.format}`);
    if (container.from !== from) return protocol("container", `one of ${from}`, `one of ${container.from}`);
    if (container.to !== own) return protocol("container", `one for ${own}`, `one for ${container.to}`);
    if (container.task !== task || container.manifest.image !== task)
      return protocol("container", `task ${task}`, `task ${container.task}`);
    if (children.length !== travelers.length || container.memories.length !== travelers.length)
      return protocol("container", `${travelers.length} travelers`, `${children.length}`);
    for (const [i, { name, identity, generation, engine, base }] of travelers.entries()) {
      const child = children[i]!;
      const isSaid =
        child.name === name &&
        child.identity === identity &&
        child.generation === generation &&
        child.platform.engine === engine &&
        child.platform.base === base;
      if (!isSaid) return protocol("container", `${name} as it was announced`, child.name);
      const intake = intakes[i]!;
      if (child.memoryBytes !== intake.memory.length || !isSame(container.memories[i], intake.digest()))
        return protocol("container", `the memory of ${name} that it names`, "another one");
    }
    return E.right(container);
  }

  async #settle(intakes: readonly MemoryIntake[]): Promise<Either<MigrateError, void>> {
    for (const intake of intakes) {
      const settled = await intake.settle();
      if (E.isLeft(settled)) return settled;
    }
    return E.right(undefined);
  }

  async #land(
    container: Container,
    sealed: SealedContainer,
    intakes: readonly MemoryIntake[],
  ): Promise<Either<MigrateError, void>> {
    const all: Unsaved[] = [];
    for (const intake of intakes) {
      const unsaved = await intake.unsaved();
      if (E.isLeft(unsaved)) return unsaved;
      all.push(unsaved.right);
    }
    return this.#options.landings.stage(container, sealed, all);
  }

  async #stage(
    [container, sealed]: readonly [Container, SealedContainer],
    { intakes }: Incoming,
    arrival: Arrival,
  ): Promise<Either<MigrateError, Prepared>> {
    const { channel, said, task } = this.#options;
    const memories = intakes.map(({ memory }) => memory);
    const lacks = await channel.working(arrival.judge(container, memories));
    if (lacks.length > 0) return this.#refuseFor(lacks);
    const staged = await channel.working(this.#land(container, sealed, intakes));
    if (E.isLeft(staged)) return this.#refuse(staged.left);
    for (const [i, { name }] of container.manifest.children.entries()) {
      const changed = intakes[i]!.handOn();
      if (changed !== null) arrival.changed(name, changed);
    }
    said(this.#names, "staged");
    await channel.send({ kind: "prepared", task });
    return E.right({ container, memories, arrival });
  }
}
