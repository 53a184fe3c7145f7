// The home of one shared dataspace: the content that counts, and the order of all differences. It belongs to the host,
// so it stays while those who share it come and go.
import { randomUUID } from "node:crypto";
import {
  advance,
  beside,
  copyOf,
  firstPlace,
  meet,
  nextEpoch,
  type Place,
  type Placed,
} from "../core/dataspace-place.ts";
import { applyDifference, differenceBetween } from "../core/difference.ts";

const NOTHING = new Uint8Array(0);

/** What a copy that comes back has missed. */
export interface Missed {
  readonly place: Place;
  readonly difference: Uint8Array | null;
  /** It has no past in common with the home, and is given up. */
  readonly strange: boolean;
}

export class DataspaceHome {
  readonly id: string;
  readonly content: Uint8Array;
  readonly place: Place;
  /** Identities of those who have a copy and hear of each difference. */
  readonly copies = new Set<string>();
  /** How far the images go, by the identity of whose they are. */
  readonly #images = new Map<string, number>();
  /** Copies that came back with children whose revival is not over yet. */
  readonly #returning = new Map<string, Placed>();

  private constructor(id: string, content: Uint8Array, place: Place) {
    this.id = id;
    this.content = content;
    this.place = place;
  }

  /** Of a dataspace that is shared for the first time. */
  static first(id: string, content: Uint8Array): DataspaceHome {
    return new DataspaceHome(id, content, firstPlace(id));
  }

  /** Made again from a copy out of an image. */
  static again(id: string, { content, place }: Placed, identity: string): DataspaceHome {
    const home = new DataspaceHome(id, content, nextEpoch(place, randomUUID(), content.length));
    home.image(identity, 0);
    return home;
  }

  /** Whether an image has all of it. */
  get isImaged(): boolean {
    return [...this.#images.values()].some((number) => number >= this.place.number);
  }

  /** An image goes as far as `number`. */
  image(identity: string, number: number): void {
    this.#images.set(identity, number);
  }

  /** Gives a difference its place, and returns that. */
  take(difference: Uint8Array): number {
    applyDifference(difference, this.content);
    advance(this.place, this.place.number + 1, difference);
    return this.place.number;
  }

  /** A copy comes back in a revival that may still fail: what it brings along is taken by `settle`. */
  welcome(identity: string, copy: Placed): Missed {
    const { late, strange } = meet(this, copy);
    const target = this.content.slice();
    if (late !== null) applyDifference(late, target);
    this.copies.add(identity);
    this.#returning.set(identity, copy);
    // Until it has settled, what it brings along is beside the order.
    const place =
      late === null ? copyOf(this.place) : beside(this.place, randomUUID(), this.content.length, [late]);
    return { place, difference: differenceBetween(copy.content, target), strange };
  }

  isReturning(identity: string): boolean {
    return this.#returning.has(identity);
  }

  /** The revival has succeeded: what its copy has brought, placed, for all to hear with the place; null where there
   *  was no revival. */
  settle(identity: string): Uint8Array | null {
    const copy = this.#returning.get(identity);
    this.#returning.delete(identity);
    if (copy === undefined) return null;
    this.#images.delete(identity);
    const { late, past } = meet(this, copy);
    this.place.past = past;
    if (late === null) return NOTHING;
    // What comes of it is part of the past already.
    applyDifference(late, this.content);
    this.place.number++;
    return late;
  }

  /** It has a copy no more. */
  leave(identity: string): void {
    this.copies.delete(identity);
    this.#returning.delete(identity);
  }

  /** It will not come back. */
  forget(identity: string): void {
    this.leave(identity);
    this.#images.delete(identity);
  }
}
