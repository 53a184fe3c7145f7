// What a child wrote to its log and nobody has waited for yet.

/** Bounds of what is kept, the oldest entries going first: entries, and UTF-16 units. */
const MOST_ENTRIES = 10_000;
const MOST_UNITS = 4 << 20;

export class LogTail {
  #entries: string[] = [];
  #units = 0;

  add(text: string): void {
    this.#entries.push(text);
    this.#units += text.length;
    while (this.#entries.length > MOST_ENTRIES || (this.#units > MOST_UNITS && this.#entries.length > 1))
      this.#units -= this.#entries.shift()!.length;
  }

  /** The first entry for which `matches` holds; it and those before it are taken out. */
  take(matches: (text: string) => boolean): string | undefined {
    const at = this.#entries.findIndex(matches);
    if (at === -1) return undefined;
    const taken = this.#entries.splice(0, at + 1);
    for (const { length } of taken) this.#units -= length;
    return taken[at];
  }
}
