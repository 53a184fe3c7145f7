// Bytes that a domain keeps for others, or makes others keep: bounded for each of them.
export class Allowance {
  /** Bytes, for each. */
  readonly limit: number;
  readonly #used = new Map<string, number>();

  constructor(limit: number) {
    this.limit = limit;
  }

  usedBy(whom: string): number {
    return this.#used.get(whom) ?? 0;
  }

  /** Whether so many bytes more fit. */
  fits(whom: string, bytes: number): boolean {
    return this.usedBy(whom) + bytes <= this.limit;
  }

  take(whom: string, bytes: number): void {
    this.#used.set(whom, this.usedBy(whom) + bytes);
  }

  give(whom: string, bytes: number): void {
    const left = this.usedBy(whom) - bytes;
    if (left > 0) this.#used.set(whom, left);
    else this.#used.delete(whom);
  }
}
