// When the next of many deadlines has come: one heap and one timer, however many there are.

interface Entry {
  readonly name: string;
  readonly at: number;
  /** Where it is in the heap. */
  index: number;
}

/** The longest that Node's timers wait in one go, in ms. */
const LONGEST_MS = 2 ** 31 - 1;

export class AlarmClock {
  readonly #ring: (name: string) => void;
  readonly #now: () => number;
  readonly #heap: Entry[] = [];
  readonly #entries = new Map<string, Entry>();
  #timer: NodeJS.Timeout | null = null;
  /** What the timer waits for. */
  #due = Infinity;

  /** `ring`: called once for each name whose deadline has come, which is forgotten then. `now`: in ms, never backwards. */
  constructor(ring: (name: string) => void, now: () => number = () => performance.now()) {
    this.#ring = ring;
    this.#now = now;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** `at`: by the clock's own `now`. A name has one deadline: the last that was set. */
  set(name: string, at: number): void {
    this.delete(name);
    const entry: Entry = { name, at, index: this.#heap.length };
    this.#heap.push(entry);
    this.#entries.set(name, entry);
    this.#rise(entry);
    this.#wind();
  }

  delete(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    const last = this.#heap.pop()!;
    if (last === entry) return;
    this.#place(last, entry.index);
    this.#rise(last);
    this.#sink(last);
  }

  /** Nothing rings any more. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#heap.length = 0;
    this.#entries.clear();
  }

  #place(entry: Entry, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }

  #rise(entry: Entry): void {
    while (entry.index > 0) {
      const parent = this.#heap[(entry.index - 1) >> 1]!;
      if (parent.at <= entry.at) return;
      const { index } = parent;
      this.#place(parent, entry.index);
      this.#place(entry, index);
    }
  }

  #sink(entry: Entry): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1];
      const right = this.#heap[2 * entry.index + 2];
      const least = right !== undefined && left !== undefined && right.at < left.at ? right : left;
      if (least === undefined || least.at >= entry.at) return;
      const { index } = least;
      this.#place(least, entry.index);
      this.#place(entry, index);
    }
  }

  /** A timer that comes too early is left as it is: it winds itself up again. */
  #wind(): void {
    const first = this.#heap[0];
    if (first === undefined || (this.#timer !== null && this.#due <= first.at)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#due = first.at;
    const wait = Math.min(LONGEST_MS, Math.max(0, Math.ceil(first.at - this.#now())));
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#ringDue();
    }, wait);
  }

  #ringDue(): void {
    const now = this.#now();
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.delete(first.name);
      this.#ring(first.name);
    }
    this.#wind();
  }
}
