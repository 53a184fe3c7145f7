// Memories of components that have left, as files, one an identity: for their return. They are not relied upon, so they are
// not synced; what is wrong with one costs bytes on the wire.
import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { roomyMemory } from "../host/advances.ts";
import { chunkBytes } from "./message.ts";

/** Bytes of memories that have left and are kept at most. */
const MOST_BYTES = 256 << 20;

const SUFFIX = ".memory";
const UNFINISHED = ".part";

export class FormerMemories {
  readonly #folder: string;
  /** What is being written, by identity: it may come back at once. */
  readonly #keeping = new Map<string, Promise<void>>();

  /** `folder`: absolute; made at first use, mode 0700. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  #path(identity: string): string {
    return join(this.#folder, `${identity}${SUFFIX}`);
  }

  /** The memory, in bytes that are the caller's; null where there is none. */
  async read(identity: string): Promise<Uint8Array | null> {
    await this.#keeping.get(identity);
    const bytes = await readFile(this.#path(identity)).catch(() => null);
    if (bytes === null || bytes.length === 0 || bytes.length % chunkBytes !== 0) return null;
    const memory = roomyMemory(bytes.length);
    memory.set(bytes);
    return memory;
  }

  /** What fails is not kept. */
  async keep(identity: string, memory: Uint8Array): Promise<void> {
    if (memory.length > MOST_BYTES) return;
    const kept = this.#write(identity, memory);
    this.#keeping.set(identity, kept);
    await kept;
    if (this.#keeping.get(identity) === kept) this.#keeping.delete(identity);
    await this.#makeRoom();
  }

  async #write(identity: string, memory: Uint8Array): Promise<void> {
    const path = this.#path(identity);
    const unfinished = `${path}${UNFINISHED}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(unfinished, memory, { mode: 0o600 });
      await rename(unfinished, path);
    } catch {
      await unlink(unfinished).catch(() => {});
    }
  }

  /** It is here again. */
  async drop(identity: string): Promise<void> {
    await unlink(this.#path(identity)).catch(() => {});
  }

  /** The oldest go. */
  async #makeRoom(): Promise<void> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => name.endsWith(SUFFIX));
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
