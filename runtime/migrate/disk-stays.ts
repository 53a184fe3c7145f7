// Stays as files, one an identity: the memory as it is, with holes where it is zero. What is written is durable when
// `save` resolves; while a migration has one open it may hold any mixture of before and after.
import { mkdir, open, readdir, stat, unlink, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { chunkAt } from "./chunks.ts";
import { chunkBytes } from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";
import type { Stay, Stays } from "./stays.ts";

/** Bytes of memories that have left and are kept at most. */
const MOST_BYTES = 256 << 20;
/** Beyond this a memory is not read again to find what is in it: it would take longer than sending it. */
const MOST_LOADED = 1 << 30;

const SUFFIX = ".memory";

const codeOf = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw error;
  return code;
};

class FileStay implements Stay {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #closed: () => void;

  constructor(path: string, file: FileHandle, closed: () => void) {
    this.#path = path;
    this.#file = file;
    this.#closed = closed;
  }

  async load(): Promise<Uint8Array | null> {
    try {
      const { size } = await this.#file.stat();
      if (size === 0 || size > MOST_LOADED || size % chunkBytes !== 0) return null;
      const memory = new Uint8Array(new SharedArrayBuffer(size));
      for (let at = 0; at < size;) {
        const { bytesRead } = await this.#file.read(memory, at, size - at, at);
        if (bytesRead === 0) return null;
        at += bytesRead;
      }
      return memory;
    } catch (error) {
      codeOf(error);
      return null;
    }
  }

  async save(memory: Uint8Array, chunks: readonly number[]): Promise<Either<MigrateError, void>> {
    let step = "write";
    try {
      for (let i = 0; i < chunks.length;) {
        const first = chunks[i]!;
        let end = first;
        while (i < chunks.length && chunks[i] === end) {
          end += 1;
          i += 1;
        }
        const from = first * chunkBytes;
        const to = (end - 1) * chunkBytes + chunkAt(memory, end - 1).length;
        for (let at = from; at < to;) at += (await this.#file.write(memory, at, to - at, at)).bytesWritten;
      }
      await this.#file.truncate(memory.length);
      step = "sync";
      await this.#file.datasync();
      return E.right(undefined);
    } catch (error) {
      return E.left({ tag: "Disk", step, path: this.#path, code: codeOf(error) });
    }
  }

  async close(): Promise<void> {
    await this.#file.close().catch(() => {});
    this.#closed();
  }
}

export interface DiskStaysOptions {
  /** Absolute; made at first use, mode 0700. */
  readonly folder: string;
  /** Identities whose memories are those of containers at rest here: they are not thrown away. */
  readonly needed: () => Promise<ReadonlySet<string>>;
}

export class DiskStays implements Stays {
  readonly #folder: string;
  readonly #needed: DiskStaysOptions["needed"];
  /** Identities whose file somebody has open, and those whose memory is being kept. */
  readonly #open = new Set<string>();
  readonly #keeping = new Map<string, Promise<void>>();

  constructor({ folder, needed }: DiskStaysOptions) {
    this.#folder = folder;
    this.#needed = needed;
  }

  #path(identity: string): string {
    return join(this.#folder, `${identity}${SUFFIX}`);
  }

  async open(identity: string): Promise<Either<MigrateError, Stay>> {
    await this.#keeping.get(identity);
    return this.#openNow(identity);
  }

  async #openNow(identity: string): Promise<Either<MigrateError, Stay>> {
    const path = this.#path(identity);
    if (this.#open.has(identity)) return E.left({ tag: "Disk", step: "open", path, code: "EBUSY" });
    this.#open.add(identity);
    const closed = (): void => void this.#open.delete(identity);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const file = await open(path, "a", 0o600);
      await file.close();
      return E.right(new FileStay(path, await open(path, "r+"), closed));
    } catch (error) {
      closed();
      return E.left({ tag: "Disk", step: "open", path, code: codeOf(error) });
    }
  }

  async keep(identity: string, memory: Uint8Array): Promise<void> {
    // It may come back at once.
    const kept = this.#keepNow(identity, memory);
    this.#keeping.set(identity, kept);
    await kept;
    this.#keeping.delete(identity);
    await this.#makeRoom();
  }

  async #keepNow(identity: string, memory: Uint8Array): Promise<void> {
    const opened = await this.#openNow(identity);
    if (E.isLeft(opened)) return;
    const all = Array.from({ length: Math.ceil(memory.length / chunkBytes) }, (_, number) => number);
    await opened.right.save(memory, all);
    await opened.right.close();
  }

  /** The oldest go. */
  async #makeRoom(): Promise<void> {
    const needed = await this.#needed();
    const isIdle = (name: string): boolean => {
      const identity = name.slice(0, -SUFFIX.length);
      return name.endsWith(SUFFIX) && !this.#open.has(identity) && !needed.has(identity);
    };
    const names = (await readdir(this.#folder).catch(() => [])).filter(isIdle);
    const found = await Promise.all(
      names.map(async (name) => {
        const path = join(this.#folder, name);
        const facts = await stat(path).catch(() => null);
        return { path, bytes: facts?.size ?? 0, at: facts?.mtimeMs ?? 0 };
      }),
    );
    let bytes = found.reduce((sum, each) => sum + each.bytes, 0);
    for (const oldest of found.toSorted((a, b) => a.at - b.at)) {
      if (bytes <= MOST_BYTES) return;
      await unlink(oldest.path).catch(() => {});
      bytes -= oldest.bytes;
    }
  }
}
