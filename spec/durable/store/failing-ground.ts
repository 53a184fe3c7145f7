// Grounds whose writes fail, as disks do that are full or broken, and whose power goes.
import { E, type Either } from "../../../lib/fp.ts";
import type { Changes, Ground, GroundError, Key, View } from "../../../runtime/durable/store/ground.ts";

export type Outcome =
  | "written"
  | GroundError
  /** The power goes before anything of it is durable, or right after all of it is. Nothing is written ever after. */
  | "lost"
  | "kept";

export class FailingGround implements Ground {
  readonly #ground: Ground;
  readonly #outcome: (write: number) => Outcome;
  #dead = false;
  /** So many were asked for. */
  writes = 0;

  /** `outcome` says what becomes of the nth write, from 1. */
  constructor(ground: Ground, outcome: (write: number) => Outcome) {
    this.#ground = ground;
    this.#outcome = outcome;
  }

  get path(): string {
    return this.#ground.path;
  }

  /** Whether the power is gone: nobody hears anything from here any more. */
  get dead(): boolean {
    return this.#dead;
  }

  write(changes: Changes): Either<GroundError, void> {
    this.writes += 1;
    const outcome = this.#dead ? "lost" : this.#outcome(this.writes);
    if (outcome === "written") return this.#ground.write(changes);
    if (typeof outcome === "object") return E.left(outcome);
    this.#dead = true;
    if (outcome === "kept") this.#ground.write(changes);
    return E.left({ tag: "Io", step: "commit", code: "the power is gone" });
  }

  view(): View {
    return this.#ground.view();
  }

  last(prefix: Key): Key | null {
    return this.#ground.last(prefix);
  }

  bytes(): number {
    return this.#ground.bytes();
  }

  close(): Promise<void> {
    return this.#ground.close();
  }
}
