// What is kept of components' memories while they come in, and after they left: what is here already need not be sent
// again. Content is always checked against the hash that is asked for, so that nothing depends on these being right.
import { E, type Either } from "../../lib/fp.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { Requirements } from "./requirements.ts";

/** Of one identity. One migration at a time has it open. */
export interface Stay {
  /** What there is; null where there is nothing. The caller's own from then on. */
  load(): Promise<Uint8Array | null>;
  /** Makes the memory, or as much of it as there is, durable: these chunks, in order, differ from what was saved last, as
   *  does all beyond the end of that. Nobody changes what is handed over until this has answered. `hash`: of a chunk, where
   *  it was computed here already. */
  save(
    memory: Uint8Array,
    chunks: readonly number[],
    hash?: (chunk: number) => Uint8Array,
  ): Promise<Either<MigrateError, void>>;
  /** Unless it was staged, nothing that came in is left. */
  close(): Promise<void>;
}

/** What is yet to be saved of a memory that is complete. */
export interface Unsaved {
  readonly stay: Stay;
  readonly memory: Uint8Array;
  readonly chunks: readonly number[];
  /** SHA-256 of a chunk, where it was computed here already. */
  readonly hash?: (chunk: number) => Uint8Array;
}

export interface Stays {
  open(traveler: Pick<Requirements, "identity" | "name" | "base">): Promise<Either<MigrateError, Stay>>;
  /** It has left: its memory is kept for its return, as long as there is room. What fails costs nothing but bytes on
   *  the wire. */
  keep(identity: string, memory: Uint8Array): Promise<void>;
}

/** Bytes of memories that are kept at most. */
const MOST_BYTES = 128 << 20;

/** For hosts that end with their process. */
export class MemoryStays implements Stays {
  readonly #kept = new Map<string, Uint8Array>();

  open({ identity }: Pick<Requirements, "identity">): Promise<Either<MigrateError, Stay>> {
    const stay: Stay = {
      load: () => {
        const kept = this.#kept.get(identity) ?? null;
        this.#kept.delete(identity);
        return Promise.resolve(kept);
      },
      save: () => Promise.resolve(E.right(undefined)),
      close: () => Promise.resolve(),
    };
    return Promise.resolve(E.right(stay));
  }

  keep(identity: string, memory: Uint8Array): Promise<void> {
    this.#kept.delete(identity);
    this.#kept.set(identity, memory);
    let bytes = [...this.#kept.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [oldest, { length }] of this.#kept) {
      if (bytes <= MOST_BYTES) break;
      this.#kept.delete(oldest);
      bytes -= length;
    }
    return Promise.resolve();
  }
}
