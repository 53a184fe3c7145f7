// What the store of a durable host says beside its checkpoints: who lives, rests, or is over, by name, and what others
// noted there.
import { E, type Either } from "../../lib/fp.ts";
import { decodeRest, encodeRest, type RestRecord } from "../durable/rest-record.ts";
import type { Listed, Store } from "../durable/store/store.ts";
import type { StoreError } from "../durable/store/store-error.ts";
import { storeFailed, type HostError } from "./host-error.ts";

/** One that leaves for another host. */
export interface Leaver {
  readonly name: string;
  readonly identity: string;
  readonly generation: number;
}

/** What stands under a key. */
export type Note = readonly [key: string, value: Uint8Array];

/** Keys: the identity of who lives, and of who is over, by name; and what is remembered of who rests. */
const ALIVE = "alive/";
const OVER = "over/";
const REST = "rest/";

const utf8 = new TextEncoder();

export class Roll {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** That somebody lives; stands with its checkpoint. */
  static alive(name: string, identity: string): Note {
    return [`${ALIVE}${name}`, utf8.encode(identity)];
  }

  /** That somebody rests; stands with its checkpoint. */
  static resting(name: string, record: RestRecord): Either<string, Note> {
    return E.map((bytes: Uint8Array): Note => [this.restKey(name), bytes])(encodeRest(record));
  }

  static restKey(name: string): string {
    return `${REST}${name}`;
  }

  /** The identity of who lives; null: nobody does. */
  async living(name: string): Promise<Either<HostError, string | null>> {
    const found = await this.#store.get(`${ALIVE}${name}`);
    if (E.isLeft(found)) return storeFailed(name, found.left);
    return E.right(found.right === null ? null : Buffer.from(found.right).toString());
  }

  /** What is remembered of who rests, or has rested; null: nothing. */
  async rest(name: string): Promise<Either<HostError, RestRecord | null>> {
    const found = await this.#store.get(Roll.restKey(name));
    if (E.isLeft(found)) return storeFailed(name, found.left);
    return E.right(found.right === null ? null : decodeRest(found.right));
  }

  /** The same of all, by name. */
  async rests(): Promise<Either<HostError, ReadonlyMap<string, RestRecord>>> {
    const notes = await this.notes(REST);
    if (E.isLeft(notes)) return notes;
    const found = new Map<string, RestRecord>();
    for (const [key, bytes] of notes.right) {
      const record = decodeRest(bytes);
      if (record !== null) found.set(key.slice(REST.length), record);
    }
    return E.right(found);
  }

  /** Whether the last one of this name has ended. */
  async isOver(name: string): Promise<Either<HostError, boolean>> {
    const found = await this.#store.get(`${OVER}${name}`);
    return E.isLeft(found) ? storeFailed(name, found.left) : E.right(found.right !== null);
  }

  /** The highest epoch that is known of an identity; 0 where none is. */
  async epoch(identity: string): Promise<Either<HostError, number>> {
    const found = await this.#store.epoch(identity);
    return E.isLeft(found) ? storeFailed(identity, found.left) : E.right(found.right ?? 0);
  }

  /** Nothing of it is kept any more; true where it was the one of this name. Another one is left alone. */
  async strike(name: string, identity: string): Promise<Either<HostError, boolean>> {
    const living = await this.living(name);
    if (E.isLeft(living)) return living;
    const isOwn = living.right === identity;
    const unset = isOwn ? [`${ALIVE}${name}`, Roll.restKey(name)] : [];
    const done = await this.#store.commit({ remove: [identity], unset });
    return E.isLeft(done) ? storeFailed(name, done.left) : E.right(isOwn);
  }

  /** Nothing of it is kept any more, and it is known that it is over. */
  async over(name: string, identity: string): Promise<Either<HostError, void>> {
    const done = await this.#store.commit({
      remove: [identity],
      unset: [`${ALIVE}${name}`, Roll.restKey(name)],
      set: new Map([[`${OVER}${name}`, utf8.encode(identity)]]),
    });
    return E.isLeft(done) ? storeFailed(name, done.left) : E.right(undefined);
  }

  /**
   * These leave for another host: in one durable write nothing of them is kept any more, no older incarnation can be
   * kept again, and `notes` stand under their keys.
   */
  async depart(
    leavers: readonly Leaver[],
    notes: ReadonlyMap<string, Uint8Array>,
  ): Promise<Either<HostError, void>> {
    const unset: string[] = [];
    for (const { name, identity } of leavers) {
      const living = await this.living(name);
      if (E.isLeft(living)) return living;
      if (living.right === identity) unset.push(`${ALIVE}${name}`);
    }
    const done = await this.#store.commit({
      remove: leavers.map(({ identity }) => identity),
      // A checkpoint that is being made of it comes too late.
      epochs: new Map(leavers.map(({ identity, generation }) => [identity, generation + 1])),
      unset,
      set: notes,
    });
    return E.isLeft(done)
      ? storeFailed(leavers.map(({ name }) => name).join(", "), done.left)
      : E.right(undefined);
  }

  /** Durably notes something of the host's own; null takes the note away. */
  async note(key: string, note: Uint8Array | null): Promise<Either<HostError, void>> {
    const done = await this.#store.commit(note === null ? { unset: [key] } : { set: new Map([[key, note]]) });
    return E.isLeft(done) ? storeFailed(key, done.left) : E.right(undefined);
  }

  /** What was noted under keys with this prefix. */
  async notes(prefix: string): Promise<Either<HostError, ReadonlyMap<string, Uint8Array>>> {
    const notes = new Map<string, Uint8Array>();
    for (let after: string | null = null; ;) {
      const page: Either<StoreError, Listed<Note>> = await this.#store.entries(prefix, { after });
      if (E.isLeft(page)) return storeFailed(prefix, page.left);
      for (const [key, value] of page.right.items) notes.set(key, value);
      after = page.right.next;
      if (after === null) return E.right(notes);
    }
  }
}
