// Children that share one dataspace, without machines: each has its regions as plain arrays, its memory desk and a
// mailbox; between them is the host's part of it. Messages go in order on each way and arrive when a spec says so.
import { E } from "../../lib/fp.ts";
import { DataspaceMemory } from "../../runtime/core/dataspace.ts";
import type { PlaceRecord } from "../../runtime/core/dataspace-place.ts";
import type { FromDomain } from "../../runtime/core/link.ts";
import { RegionMap, type RegionObject } from "../../runtime/core/region-map.ts";
import type { SharedFromDomain, SharedToDomain } from "../../runtime/core/shared-message.ts";
import type { DomainEvent } from "../../runtime/domain/call.ts";
import { MemoryDesk } from "../../runtime/domain/memory-desk.ts";
import { isMemoryEvent } from "../../runtime/domain/memory-event.ts";
import { DataspaceHomes } from "../../runtime/host/dataspace-homes.ts";

/** What a freeze keeps of a commoner. */
interface Image {
  readonly place: PlaceRecord;
  readonly content: Uint8Array;
  readonly regions: readonly Uint8Array[];
  readonly inbox: readonly DomainEvent[];
}

const NAME = "the commons";

export class Commoner {
  readonly identity: string;
  state: "live" | "frozen" | "ended" = "live";
  readonly settled = true;
  regions = new RegionMap();
  desk: MemoryDesk;
  memory!: DataspaceMemory;
  held: RegionObject[] = [];
  mailbox: DomainEvent[] = [];
  image: Image | null = null;
  readonly up: FromDomain[] = [];
  readonly down: SharedToDomain[] = [];
  readonly say = (message: SharedToDomain): void => void this.down.push(structuredClone(message));
  /** What its last revival told of the content. */
  changed: string | null = null;

  constructor(identity: string) {
    this.identity = identity;
    this.desk = this.#desk();
  }

  #desk(): MemoryDesk {
    const detach = (): void => {
      for (const region of this.held) this.detach(region);
    };
    return new MemoryDesk(
      {
        regions: this.regions,
        name: () => NAME,
        reply: (event) => void this.mailbox.push(event),
        completed: () => {},
        detachMemory: detach,
        detachLink: detach,
      },
      { send: (message) => void this.up.push(structuredClone(message)) },
    );
  }

  /** Attaches, once the content is here. */
  attach(bytes?: Uint8Array): void {
    const region = this.regions.attach(this.memory, this.regions.place(this.memory.bytes, undefined)!);
    const view = bytes ?? this.memory.content!.slice();
    region.memory = () => view;
    this.held.push(region);
  }

  detach(region: RegionObject): void {
    region.life?.dismissed?.();
    void region.life?.release?.();
    this.held = this.held.filter((each) => each !== region);
  }

  /** A turn in which `write` changes the memory. */
  turn(write: (memory: readonly Uint8Array[]) => void): void {
    write(this.held.map((region) => region.memory!()));
    this.regions.synchronise();
  }

  /** The next event takes its place. */
  take(): void {
    const event = this.mailbox.shift();
    if (event !== undefined && isMemoryEvent(event)) this.desk.take(event);
  }

  forget(): void {
    this.regions = new RegionMap();
    this.desk = this.#desk();
    this.held = [];
    this.mailbox = [];
    this.down.length = 0;
    this.up.length = 0;
  }
}

export class Commons {
  homes!: DataspaceHomes;
  readonly commoners: readonly Commoner[];
  readonly id: string;

  /** Whoever is first allocates `bytes` bytes and hands them to all others. */
  constructor(bytes: number, count: number) {
    const commoners = Array.from({ length: count }, (_, i) => new Commoner(`${NAME} ${i}`));
    this.commoners = commoners;
    this.#settleDown();
    const [first, ...others] = commoners;
    first!.memory = new DataspaceMemory(bytes);
    first!.attach();
    const name = first!.desk.share(first!.memory);
    if (E.isLeft(name)) throw new Error(name.left.tag);
    this.id = name.right.id;
    this.settle();
    for (const other of others) {
      this.homes.grant(other.identity, this.id, first!.identity, other.identity);
      other.memory = other.desk.hold(name.right);
      void other.desk.fetch(other.memory);
      this.settle();
      other.attach();
    }
  }

  #settleDown(): void {
    this.homes = new DataspaceHomes((identity) => this.commoners.find((each) => each.identity === identity));
  }

  /** On another host from now on, that has seen none of them; nobody may be live. */
  emigrate(): void {
    this.#settleDown();
    for (const each of this.commoners.slice(1))
      if (each.state === "frozen") this.homes.grant(each.identity, this.id, null, each.identity);
  }

  get live(): readonly Commoner[] {
    return this.commoners.filter(({ state }) => state === "live");
  }

  /** One message of a commoner's reaches the host. */
  raise(commoner: Commoner): void {
    const message = commoner.up.shift();
    if (message !== undefined) this.homes.hear(commoner, message as SharedFromDomain);
  }

  /** One message of the host's reaches a commoner. */
  lower(commoner: Commoner): void {
    const message = commoner.down.shift();
    if (message !== undefined && commoner.state === "live") commoner.desk.hear(message);
  }

  /** Everything arrives, and takes its place. */
  settle(): void {
    for (let busy = true; busy;) {
      busy = false;
      for (const each of this.commoners)
        while (each.up.length > 0 || each.down.length > 0) {
          busy = true;
          this.raise(each);
          this.lower(each);
        }
    }
    for (const each of this.live) while (each.mailbox.length > 0) each.take();
  }

  /** The order to freeze comes after what was said to it before. Then whatever of its differences is still to be
   *  placed, is; what else is on its way to it is lost. */
  freeze(commoner: Commoner): void {
    while (commoner.down.length > 0) this.lower(commoner);
    while (!commoner.desk.settled) {
      this.raise(commoner);
      this.lower(commoner);
    }
    const { desk, memory, held, mailbox } = commoner;
    commoner.image = structuredClone({
      place: desk.record(memory)!.place,
      content: memory.content!,
      regions: held.map((region) => region.memory!()),
      inbox: mailbox,
    });
    desk.release(true);
    while (commoner.up.length > 0) this.raise(commoner);
    commoner.state = "frozen";
    this.homes.left(commoner.identity, false);
    commoner.forget();
  }

  /** `fails`: the revival comes to nothing after it has heard from the home. */
  async revive(commoner: Commoner, fails = false): Promise<void> {
    const { place, content, regions, inbox } = structuredClone(commoner.image!);
    commoner.state = "live";
    const own = commoner === this.commoners[0];
    const name = { id: this.id, bytes: content.length };
    commoner.memory = commoner.desk.restore(name, own, { place, content });
    for (const bytes of regions) commoner.attach(bytes);
    commoner.mailbox.push(...inbox);
    commoner.desk.requeue(inbox.filter(isMemoryEvent));
    const rejoined = commoner.desk.rejoin();
    while (commoner.up.length > 0) this.raise(commoner);
    while (commoner.down.length > 0) this.lower(commoner);
    const [how] = await rejoined;
    if (how?.error !== null) throw new Error(JSON.stringify(how));
    commoner.changed = how.changed;
    if (fails) {
      commoner.state = "frozen";
      this.homes.left(commoner.identity, false);
      commoner.forget();
    } else {
      commoner.image = null;
      this.homes.settled(commoner.identity);
    }
  }

  /** Drops a commoner with no farewell: what it said is heard, and no more. */
  kill(commoner: Commoner): void {
    while (commoner.up.length > 0) this.raise(commoner);
    commoner.state = "ended";
    this.homes.left(commoner.identity, true);
    commoner.forget();
  }
}
