// The calls that core has not answered yet, by slot, and what they will cost when they succeed.
import type { PendingCall } from "./call.ts";

/** Calls by slot, in the order in which they were added. One that is added when there is no other is kept beside the map:
 *  most components have one call on its way, and a map that is emptied makes itself anew each time. */
class CallsBySlot {
  #alone: PendingCall | null = null;
  readonly #others = new Map<number, PendingCall>();

  get size(): number {
    return this.#others.size + (this.#alone === null ? 0 : 1);
  }

  get(slot: number): PendingCall | undefined {
    return this.#alone?.slot === slot ? this.#alone : this.#others.get(slot);
  }

  *values(): Generator<PendingCall> {
    if (this.#alone !== null) yield this.#alone;
    yield* this.#others.values();
  }

  add(call: PendingCall): void {
    if (this.#alone === null && this.#others.size === 0) this.#alone = call;
    else this.#others.set(call.slot, call);
  }

  delete(slot: number): void {
    if (this.#alone?.slot === slot) this.#alone = null;
    else this.#others.delete(slot);
  }

  clear(): void {
    this.#alone = null;
    this.#others.clear();
  }
}

export class PendingCalls {
  readonly #bySlot = new CallsBySlot();
  readonly #abandoned = new Set<PendingCall>();
  #ram = 0;
  #caps = 0;

  get bySlot(): Pick<CallsBySlot, "size" | "get" | "values"> {
    return this.#bySlot;
  }

  /** Bytes, and capabilities. */
  get promised(): { readonly ram: number; readonly caps: number } {
    return { ram: this.#ram, caps: this.#caps };
  }

  add(call: PendingCall): void {
    this.abandon(call.slot);
    this.#bySlot.add(call);
    this.#ram += call.cost.ram;
    this.#caps += call.cost.caps;
  }

  remove(slot: number): void {
    const call = this.#bySlot.get(slot);
    if (call === undefined) return;
    this.#bySlot.delete(slot);
    this.#ram -= call.cost.ram;
    this.#caps -= call.cost.caps;
  }

  /** Nobody waits for a call any more. What it will cost is promised until it is answered: others may be at work. */
  abandon(slot: number): void {
    const call = this.#bySlot.get(slot);
    if (call === undefined) return;
    this.#bySlot.delete(slot);
    this.#abandoned.add(call);
  }

  /** A call is answered that nobody waits for. */
  settle(call: PendingCall): void {
    if (!this.#abandoned.delete(call)) return;
    this.#ram -= call.cost.ram;
    this.#caps -= call.cost.caps;
  }

  clear(): void {
    this.#abandoned.clear();
    this.#bySlot.clear();
    this.#ram = 0;
    this.#caps = 0;
  }
}
