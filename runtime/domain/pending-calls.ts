// The calls that core has not answered yet, by slot, and what they will cost when they succeed.
import type { PendingCall } from "./call.ts";

export class PendingCalls {
  readonly #bySlot = new Map<number, PendingCall>();
  readonly #abandoned = new Set<PendingCall>();
  #ram = 0;
  #caps = 0;

  get bySlot(): ReadonlyMap<number, PendingCall> {
    return this.#bySlot;
  }

  /** Bytes, and capabilities. */
  get promised(): { readonly ram: number; readonly caps: number } {
    return { ram: this.#ram, caps: this.#caps };
  }

  add(call: PendingCall): void {
    this.abandon(call.slot);
    this.#bySlot.set(call.slot, call);
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
