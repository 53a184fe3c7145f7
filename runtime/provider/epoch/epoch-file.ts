// The file in which a place keeps the epochs of those who make effects there: after a first record that says what it
// is, one of 64 bytes for each identity, changed where it stands. Hosts that share the place share the file. Nothing
// locks it: whoever writes reads again, and of two who took one slot for different identities the one that finds the
// other's there takes another.
import * as fs from "node:fs";
import { join } from "node:path";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { systemError } from "../file/system-error.ts";
import { decodeRecord, identityBytes, RECORD_BYTES } from "./epoch-record.ts";
import type { Holder } from "./incarnation.ts";

const MAGIC = Buffer.alloc(RECORD_BYTES);
MAGIC.write("cryonode epochs 1\n");

const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = fs.constants;

/** Records read at once when an identity is looked for. */
const BLOCK = 1024;

/** Whether it is what a host had begun to write that was ended, or lost its power, before that was done. */
const isUnfinished = (start: Buffer): boolean => start.every((byte, at) => byte === 0 || byte === MAGIC[at]);

/** Where an identity's record stands, and what it says. */
export interface Found {
  readonly slots: readonly number[];
  readonly holder: Holder | null;
}

/** Throws what the system does, except for `open`. */
export class EpochFile {
  readonly #descriptor: number;
  readonly path: string;
  /** How many hold it open in this thread. */
  users = 1;
  /** Slots by the first 48 bits of their identity, as far as the file was read. */
  readonly #slots = new Map<number, number>();
  #read = 1;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /** Makes the file where there is none. */
  static open(folder: string, name: string, label: string): Either<SessionError, EpochFile> {
    const path = join(folder, name);
    let descriptor = -1;
    try {
      descriptor = fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o666);
      const start = Buffer.alloc(RECORD_BYTES);
      fs.readSync(descriptor, start, 0, RECORD_BYTES, 0);
      if (!start.equals(MAGIC) && isUnfinished(start)) fs.writeSync(descriptor, MAGIC, 0, RECORD_BYTES, 0);
      else if (!start.equals(MAGIC)) {
        fs.closeSync(descriptor);
        return E.left({ tag: "Io", code: "EBADMSG", what: `record of epochs ${path}` });
      }
      return E.right(new EpochFile(path, descriptor));
    } catch (cause) {
      if (descriptor >= 0) fs.closeSync(descriptor);
      return E.left(systemError(cause, label, name, "open"));
    }
  }

  read(slot: number, into: Buffer): boolean {
    return fs.readSync(this.#descriptor, into, 0, RECORD_BYTES, slot * RECORD_BYTES) === RECORD_BYTES;
  }

  write(slot: number, record: Buffer): void {
    fs.writeSync(this.#descriptor, record, 0, RECORD_BYTES, slot * RECORD_BYTES);
  }

  /** A slot behind all that there are. */
  next(): number {
    return Math.max(1, Math.ceil(fs.fstatSync(this.#descriptor).size / RECORD_BYTES));
  }

  sync(): void {
    fs.fdatasyncSync(this.#descriptor);
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }

  /** The record of an identity; of several, which only a race leaves, the greatest epoch counts. */
  find(identity: string): Found {
    const wanted = identityBytes(identity);
    this.#readOn();
    const slot = this.#slots.get(wanted.readUIntBE(0, 6));
    if (slot === undefined) return { slots: [], holder: null };
    const record = Buffer.alloc(RECORD_BYTES);
    if (this.read(slot, record) && wanted.equals(record.subarray(0, 16))) {
      const holder = decodeRecord(record);
      if (holder !== null) return { slots: [slot], holder };
    }
    return this.search(identity);
  }

  /** As `find`, by reading the whole file. */
  search(identity: string): Found {
    const wanted = identityBytes(identity);
    const slots: number[] = [];
    let holder: Holder | null = null;
    this.#each(1, (slot, record) => {
      if (!wanted.equals(record.subarray(0, 16))) return;
      slots.push(slot);
      const found = decodeRecord(record);
      if (found !== null && (holder === null || found.epoch >= holder.epoch)) holder = found;
    });
    return { slots, holder };
  }

  #readOn(): void {
    this.#read = this.#each(this.#read, (slot, record) => {
      this.#slots.set(record.readUIntBE(0, 6), slot);
    });
  }

  /** Calls back for each whole record from `slot` on; answers the slot behind the last. */
  #each(slot: number, tell: (slot: number, record: Buffer) => void): number {
    const block = Buffer.alloc(BLOCK * RECORD_BYTES);
    for (let at = slot; ;) {
      const read = fs.readSync(this.#descriptor, block, 0, block.length, at * RECORD_BYTES);
      const count = Math.floor(read / RECORD_BYTES);
      for (let i = 0; i < count; i++) tell(at + i, block.subarray(i * RECORD_BYTES, (i + 1) * RECORD_BYTES));
      at += count;
      if (count < BLOCK) return at;
    }
  }
}

/** The files of epochs that one thread has open: children that share a place share its descriptor. */
export class EpochFiles {
  readonly #files = new Map<string, EpochFile>();

  /** `give` it back. */
  take(folder: string, name: string, label: string): Either<SessionError, EpochFile> {
    const path = join(folder, name);
    const known = this.#files.get(path);
    if (known !== undefined) {
      known.users += 1;
      return E.right(known);
    }
    const opened = EpochFile.open(folder, name, label);
    if (E.isRight(opened)) this.#files.set(path, opened.right);
    return opened;
  }

  give(file: EpochFile): void {
    if (--file.users > 0) return;
    this.#files.delete(file.path);
    file.close();
  }
}
