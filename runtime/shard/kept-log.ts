// The log of a child that is kept: entries of a line each, written at places that were planned, so that after a crash
// none is lost and none is there twice. It lies in two files: when the one is full, it takes the place of the older one.

import { existsSync, fsyncSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { E } from "../../lib/fp.ts";
import type { KeptEntries } from "../core/log.ts";
import { DONE, type Answer } from "../core/service.ts";
import { syncAt } from "../durable/sync-at.ts";
import { LogFile } from "./log-file.ts";

export class KeptLog implements KeptEntries {
  readonly name: string;
  readonly #most: number;
  readonly #told: (text: string) => void;
  #current: LogFile;
  #older: LogFile | null;

  /** `bytes`: how much of it is kept. `told`: hears of each entry when it is in the file. Throws where a file can't be
   *  had. */
  constructor(path: string, bytes: number, told: (text: string) => void) {
    this.name = path;
    this.#most = Math.ceil(bytes / 2);
    this.#told = told;
    const [older, next] = [`${path}.1`, `${path}.next`];
    // A crash may have come between the two renamings.
    if (!existsSync(path) && existsSync(older) && existsSync(next)) renameSync(next, path);
    const follows = existsSync(older);
    this.#older = follows ? LogFile.open(older, true) : null;
    try {
      if (this.#older !== null && !existsSync(path)) LogFile.following(path, this.#older.end()).close();
      this.#current = LogFile.open(path, follows);
    } catch (cause) {
      this.#older?.close();
      throw cause;
    }
  }

  /** The place in the whole log, in bytes. */
  end(): number {
    return this.#current.end();
  }

  size(text: string): number {
    return Buffer.byteLength(text) + 1;
  }

  writeAt(text: string, place: number): Answer<void> {
    const written = this.writeAgain(text, place);
    if (E.isRight(written)) this.#told(text);
    return written;
  }

  writeAgain(text: string, place: number): Answer<void> {
    const bytes = Buffer.from(`${text}\n`);
    // What was planned before the file was full may come after it was; what was planned long before is no longer kept.
    const file = place >= this.#current.first ? this.#current : this.#older;
    const written = file !== null && place >= file.first ? file.writeAt(bytes, place) : DONE;
    if (E.isLeft(written)) return written;
    if (place + bytes.length - this.#current.first >= this.#most) this.#turnOver();
    return written;
  }

  /** From the last entry on it is in another file. Where none can be made, it goes on in this one. */
  #turnOver(): void {
    const [path, older, next] = [this.name, `${this.name}.1`, `${this.name}.next`];
    // Whoever asks next hears of that.
    if (E.isLeft(this.#current.sync())) return;
    try {
      const made = LogFile.following(next, this.#current.end());
      renameSync(path, older);
      renameSync(next, path);
      syncAt(dirname(path), fsyncSync);
      this.#older?.close();
      this.#older = this.#current;
      this.#current = made;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === undefined) throw cause;
    }
  }

  /** Returns when what was written would survive a loss of power. */
  sync(): Answer<void> {
    const older = this.#older?.sync() ?? DONE;
    return E.isLeft(older) ? older : this.#current.sync();
  }

  close(): void {
    this.#older?.close();
    this.#current.close();
  }
}
