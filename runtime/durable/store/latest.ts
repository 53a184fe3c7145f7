// The ground as it is now, for those who read between two commits.
import type { Source } from "./draft.ts";
import type { Entry, Ground, Key, View } from "./ground.ts";

export class Latest implements Source {
  readonly #ground: Ground;
  #view: View | null = null;

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  get(key: Key): Uint8Array | null {
    return this.#now().get(key);
  }

  range(prefix: Key, limit: number, after?: Key): readonly Entry[] {
    return this.#now().range(prefix, limit, after);
  }

  /** To be called after every change of the ground, and in the end: what is not current is let go. */
  refresh(): void {
    this.#view?.close();
    this.#view = null;
  }

  #now(): View {
    this.#view ??= this.#ground.view();
    return this.#view;
  }
}
