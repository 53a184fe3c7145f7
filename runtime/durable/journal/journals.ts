// The journals that one thread appends to: one for each durable host that has children in it, by the descriptor that
// the host opened.

import { fdatasyncSync } from "node:fs";
import { descriptorSync } from "./file-sync.ts";
import { JournalWriter } from "./journal-writer.ts";

export class Journals {
  readonly #writers = new Map<number, JournalWriter>();

  to(descriptor: number): JournalWriter {
    const known = this.#writers.get(descriptor);
    if (known !== undefined) return known;
    const writer = new JournalWriter(descriptorSync(descriptor));
    this.#writers.set(descriptor, writer);
    return writer;
  }

  /** From now on, what went to `former` goes to `next`; all that went there before is durable. */
  turnOver(former: number, next: number): void {
    const writer = this.#writers.get(former);
    if (writer === undefined) return;
    writer.write();
    fdatasyncSync(former);
    writer.turnTo(descriptorSync(next));
    this.#writers.delete(former);
    this.#writers.set(next, writer);
  }
}
