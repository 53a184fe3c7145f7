// The mail between several children and their host's broker, as threads carry it: copied, in order on each way, and
// lost where its receiver is no longer there. Which way goes first is for a spec to choose.
import type { FromDomain, ToDomain } from "../../runtime/core/link.ts";

type Letter =
  | { readonly from: string; readonly message: FromDomain }
  | { readonly to: string; readonly message: ToDomain };

/** Chooses one of `n` that could be next. */
export type Pick = (n: number) => number;

export class Post {
  readonly #deliver: (letter: Letter) => void;
  readonly #ways = new Map<string, Letter[]>();
  pick: Pick = () => 0;
  /** Letters delivered so far. */
  delivered = 0;

  constructor(deliver: (letter: Letter) => void) {
    this.#deliver = deliver;
  }

  put(letter: Letter): void {
    const way = "from" in letter ? `from ${letter.from}` : `to ${letter.to}`;
    const waiting = this.#ways.get(way) ?? [];
    this.#ways.set(way, waiting);
    waiting.push(structuredClone(letter));
  }

  #next(way: string): void {
    const letter = this.#ways.get(way)?.shift();
    if (letter === undefined) return;
    this.delivered++;
    this.#deliver(letter);
  }

  /** Delivers one letter; false where there is none. */
  deliver(): boolean {
    const waiting = [...this.#ways].filter(([, letters]) => letters.length > 0);
    if (waiting.length === 0) return false;
    this.#next(waiting[this.pick(waiting.length)]![0]);
    return true;
  }

  /** Delivers everything that a child has sent. */
  flush(child: string): void {
    while ((this.#ways.get(`from ${child}`)?.length ?? 0) > 0) this.#next(`from ${child}`);
  }

  /** Loses what is on its way to a child, and what it sent unless `flush` came first. */
  lose(child: string): void {
    this.#ways.delete(`from ${child}`);
    this.#ways.delete(`to ${child}`);
  }
}
