// The outside world of a host's children, in the program's hands: gates, ROMs and files.
import { E, type Either } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { RomSource } from "../core/rom.ts";
import type { FileProvider, OpenFile } from "../provider/file/file-provider.ts";
import type { QueueGate } from "../provider/gate/queue.ts";
import { HostFailure } from "./host-failure.ts";

const given = <T>(name: string, answer: Either<SessionError, T>): T => {
  if (E.isLeft(answer)) throw new HostFailure({ tag: "Provider", name, error: answer.left });
  return answer.right;
};

/** The outer end of a queue gate. */
export class OuterGate {
  readonly #gate: QueueGate;

  /** For the host's use. */
  constructor(gate: QueueGate) {
    this.#gate = gate;
  }

  /** Sends a message to the child that holds the gate, present or future. Resolves when there is room for it: 10,000
   *  messages or 16 MiB may wait. Rejects with `Provider` where the message alone is larger. */
  async send(message: string | Uint8Array): Promise<void> {
    given(`gate ${this.#gate.name}`, await this.#gate.inject(message));
  }

  /** What children sent and `take` has not taken, in order. A copy. */
  get sent(): readonly (string | Uint8Array)[] {
    return this.#gate.sent;
  }

  /** Removes the first of `sent`, which makes room for more. */
  take(): string | Uint8Array | undefined {
    return this.#gate.take();
  }
}

/** A ROM of the host, or what a child's Report publishes under the name. */
export class OuterRom {
  readonly #source: RomSource;

  /** For the host's use. */
  constructor(source: RomSource) {
    this.#source = source;
  }

  /** Its content now. Empty before the first report. */
  get text(): string {
    return Buffer.from(this.#source.content).toString();
  }
  get bytes(): Uint8Array {
    return new Uint8Array(this.#source.content);
  }

  /** Replaces its content whole; every session sees a new version. */
  set(content: string | Uint8Array): void {
    this.#source.replace(content);
  }
  /** As `set`, with JSON text. */
  setJson(value: unknown): void {
    this.#source.replace(JSON.stringify(value ?? null));
  }
}

const READ = { read: true, write: false, create: false, append: false, truncate: false };
const WRITE = { read: false, write: true, create: true, append: false, truncate: true };

/** A file provider of the host, with all rights. Paths are relative to its root. All reject with `Provider`. */
export class OuterFiles {
  readonly #provider: FileProvider;

  /** For the host's use. */
  constructor(provider: FileProvider) {
    this.#provider = provider;
  }

  async bytes(path: string): Promise<Uint8Array> {
    return this.#with(path, READ, (file) => {
      const { size } = given(path, file.stat());
      const content = new Uint8Array(size);
      return content.subarray(0, given(path, file.read(0, content)));
    });
  }

  /** As UTF-8. */
  async text(path: string): Promise<string> {
    return Buffer.from(await this.bytes(path)).toString();
  }

  /** Makes the file, or replaces its content. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    this.#with(path, WRITE, (file) => given(path, file.write(Buffer.from(content), 0)));
  }

  /** Removes a file or an empty directory. */
  async remove(path: string): Promise<void> {
    given(path, this.#provider.unlink(path));
  }

  #with<T>(path: string, mode: typeof READ, act: (file: OpenFile) => T): T {
    const file = given(path, this.#provider.open(path, mode));
    try {
      return act(file);
    } finally {
      file.close();
    }
  }
}
