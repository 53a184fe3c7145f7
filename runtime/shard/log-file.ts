// One file of a child's log. A file that follows another one begins with a line that says at which byte of the whole
// log it does, so that a place in the log is the same place after a crash, whatever was renamed meanwhile.
import { closeSync, constants, fdatasyncSync, fstatSync, openSync, readSync, writeSync } from "node:fs";
import type { SessionError } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import { systemError } from "../provider/file/system-error.ts";
import { continuation, CONTINUATION_BYTES, continuedAt } from "../continuation.ts";

const { O_CREAT, O_RDWR, O_TRUNC } = constants;

export class LogFile {
  readonly #file: number;
  /** The place in the log of its first entry, in bytes, and of that entry in the file. */
  readonly first: number;
  readonly #offset: number;
  /** What is there may not be on stable storage yet, whoever wrote it. */
  #dirty = true;
  readonly #path: string;
  /** A sync has failed: what was written before it may never be there, whatever a later one says. */
  #failed: SessionError | null = null;

  private constructor(path: string, file: number, first: number, offset: number) {
    this.#path = path;
    this.#file = file;
    this.first = first;
    this.#offset = offset;
  }

  /** Opens one that may begin in the middle of the log: then it says so. `follows`: whether one before it is there.
   *  Throws where it can't be had. */
  static open(path: string, follows: boolean): LogFile {
    const file = openSync(path, O_RDWR | (follows ? 0 : O_CREAT), 0o600);
    const head = Buffer.alloc(CONTINUATION_BYTES);
    const read = follows ? readSync(file, head, 0, head.length, 0) : 0;
    const first = read === head.length ? continuedAt(head.toString("latin1")) : null;
    return first === null
      ? new LogFile(path, file, 0, 0)
      : new LogFile(path, file, first, CONTINUATION_BYTES);
  }

  /** Makes one that goes on at `first`. Throws where it can't be had. */
  static following(path: string, first: number): LogFile {
    const file = openSync(path, O_RDWR | O_CREAT | O_TRUNC, 0o600);
    try {
      writeSync(file, continuation(first), 0);
      fdatasyncSync(file);
    } catch (cause) {
      closeSync(file);
      throw cause;
    }
    return new LogFile(path, file, first, CONTINUATION_BYTES);
  }

  /** The place in the log where it ends. */
  end(): number {
    return this.first + Math.max(0, fstatSync(this.#file).size - this.#offset);
  }

  /** Left: a part of it may have been written. */
  writeAt(bytes: Uint8Array, place: number): Either<SessionError, void> {
    const to = place - this.first + this.#offset;
    this.#dirty = true;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at, bytes.length - at, to + at);
      return E.right(undefined);
    } catch (cause) {
      return E.left(systemError(cause, "LOG", this.#path, "write"));
    }
  }

  /** Returns when what was written would survive a loss of power. Left: it may not, now or ever. */
  sync(): Either<SessionError, void> {
    if (this.#failed !== null) return E.left(this.#failed);
    try {
      if (this.#dirty) fdatasyncSync(this.#file);
      this.#dirty = false;
      return E.right(undefined);
    } catch (cause) {
      return E.left((this.#failed = systemError(cause, "LOG", this.#path, "sync")));
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
