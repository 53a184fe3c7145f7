// Epochs in a file beside what they protect: read again before each effect, which one call of the system does.
import { mkdirSync } from "node:fs";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { systemError } from "../file/system-error.ts";
import type { EpochFile, EpochFiles } from "./epoch-file.ts";
import { encodeRecord, RECORD_BYTES } from "./epoch-record.ts";
import { holderOf, judged, staleError, type Fence, type FenceOptions, type Holder } from "./incarnation.ts";

/** Where records may lie. */
export interface EpochPlace {
  readonly folder: string;
  readonly name: string;
  /** Whether the folder is the host's own, to be made where it is not there. */
  readonly own: boolean;
}

export interface FileFenceOptions extends FenceOptions {
  readonly files: EpochFiles;
  /** The first one that the host may write to. */
  readonly places: readonly EpochPlace[];
}

const DONE: Either<SessionError, void> = E.right(undefined);
/** Tries to write a record where another host takes the same slot. */
const MOST_TRIES = 8;
const WORDS = RECORD_BYTES / 4;

/** What was read last: checks follow one another in a thread. */
const seen = Buffer.from(new ArrayBuffer(RECORD_BYTES));
const seenWords = new Int32Array(seen.buffer);

class FileFence implements Fence {
  readonly #options: FileFenceOptions;
  readonly #own: Buffer;
  readonly #words: Int32Array;
  #file: EpochFile | null = null;
  /** Where the record stands; 0 before there is one of this incarnation's. */
  #slot = 0;
  /** What the record said before this incarnation. */
  #before: Holder | null = null;
  #raised = false;
  /** The place has a record of the identity, whosever it is. */
  #recorded = false;

  constructor(options: FileFenceOptions) {
    const { incarnation } = options;
    this.#options = options;
    const record = encodeRecord(incarnation.identity, holderOf(incarnation));
    const copy = new ArrayBuffer(RECORD_BYTES);
    this.#own = Buffer.from(copy);
    record.copy(this.#own);
    this.#words = new Int32Array(copy);
  }

  check(): Either<SessionError, never> | null {
    const { refusal } = this.#options.bar;
    if (refusal !== null) return refusal;
    if (this.#slot === 0) return this.#failed(this.raise());
    try {
      this.#file!.read(this.#slot, seen);
    } catch (cause) {
      return this.#unreadable(cause);
    }
    const words = this.#words;
    for (let at = 0; at < WORDS; at++) if (seenWords[at] !== words[at]) return this.#failed(this.raise());
    return null;
  }

  #failed(done: Either<SessionError, void>): Either<SessionError, never> | null {
    return E.isLeft(done) ? done : null;
  }

  raise(): Either<SessionError, void> {
    const { bar } = this.#options;
    if (bar.refusal !== null) return bar.refusal;
    let raised: Either<SessionError, void>;
    try {
      const file = this.#open();
      raised = E.isLeft(file) ? file : this.#raise(file.right);
    } catch (cause) {
      raised = this.#unreadable(cause);
    }
    // A record that is there is changed in place. Where there is none yet, and no room for one, nobody else has one:
    // a full disk is no reason not to come back, and the next effect tries again.
    return E.isLeft(raised) && raised.left.tag === "NoSpace" && !this.#recorded ? DONE : raised;
  }

  lower(): Either<SessionError, void> {
    const { incarnation } = this.#options;
    const { identity, epoch } = incarnation;
    const file = this.#file;
    this.#slot = 0;
    if (file === null || !this.#raised) return DONE;
    this.#raised = false;
    try {
      const { slots, holder } = file.search(identity);
      if (holder === null || judged(holder, incarnation) !== "holds") return DONE;
      const before = this.#before ?? { ...holderOf(incarnation), epoch: epoch - 1 };
      for (const slot of slots) file.write(slot, encodeRecord(identity, before));
      return DONE;
    } catch (cause) {
      return this.#unreadable(cause);
    }
  }

  close(): void {
    if (this.#file !== null) this.#options.files.give(this.#file);
    this.#file = null;
    this.#slot = 0;
  }

  #open(): Either<SessionError, EpochFile> {
    if (this.#file !== null) return E.right(this.#file);
    const { files, places, label } = this.#options;
    let file: Either<SessionError, EpochFile> | null = null;
    for (const { folder, name, own } of places) {
      if (own) mkdirSync(folder, { recursive: true, mode: 0o700 });
      file = files.take(folder, name, label);
      if (E.isRight(file)) this.#file = file.right;
      if (E.isRight(file) || file.left.tag !== "Denied") break;
    }
    return file!;
  }

  #raise(file: EpochFile): Either<SessionError, void> {
    const { incarnation, bar } = this.#options;
    const { identity, run } = incarnation;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const { slots, holder } = this.#slot === 0 ? file.find(identity) : file.search(identity);
      this.#recorded = slots.length > 0;
      const verdict = judged(holder, incarnation);
      if (verdict === "stale") return bar.fall(staleError(this.#options, holder!));
      if (verdict === "holds" && slots.length > 0) {
        this.#slot = slots[0]!;
        return DONE;
      }
      if (!this.#raised) this.#before = holder;
      this.#raised = true;
      const into = slots.length > 0 ? slots : [file.next()];
      for (const slot of into) file.write(slot, this.#own);
      // Of a place that changes hands no loss of power may make the former holder its holder again.
      if (holder !== null && holder.run !== run) file.sync();
      this.#slot = into[0]!;
      if (file.read(this.#slot, seen) && seen.equals(this.#own)) return DONE;
    }
    return E.left({ tag: "Io", code: "EBUSY", what: `record of epochs ${file.path}` });
  }

  #unreadable(cause: unknown): Either<SessionError, never> {
    return E.left(systemError(cause, this.#options.label, this.#file?.path ?? "", "epoch"));
  }
}

/** Fences one incarnation's effects on a place that has a folder. */
export const fileFence = (options: FileFenceOptions): Fence => new FileFence(options);
