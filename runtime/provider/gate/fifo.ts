// First in, first out, with constant cost at either end; an array's own `shift` moves what remains.

export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  first(): T | undefined {
    return this.#items[this.#head];
  }

  /** A copy, in order. */
  list(): T[] {
    return this.#items.slice(this.#head) as T[];
  }
}
