// The calls of somebody on another host that have no answer yet: its host lets it have so many and no more, and a peer that
// says otherwise is none that a host can carry sessions with.

/** Bytes of them: what a component may have asked without an answer, and what goes around that. */
const MOST_ASKED_BYTES = 65 << 20;

export class AskedCalls {
  readonly #calls = new Map<string, number>();
  #bytes = 0;

  /** False where it is too much. */
  take(link: string, id: string, bytes: number): boolean {
    const key = `${link} ${id}`;
    if (this.#calls.has(key)) return true;
    this.#calls.set(key, bytes);
    this.#bytes += bytes + key.length;
    return this.#bytes <= MOST_ASKED_BYTES;
  }

  give(link: string, id: string): void {
    const key = `${link} ${id}`;
    this.#bytes -= (this.#calls.get(key) ?? -key.length) + key.length;
    this.#calls.delete(key);
  }
}
