// Messages that were sent to another Cryonode end, until it says that they have arrived: as the frames that go out,
// each once a connection.

import type { Message } from "./gate-provider.ts";
import type { QueueBound } from "./message-queue.ts";
import { DATA_HEAD_BYTES, sealedMessage } from "./paired-wire.ts";

const contentBytes = (frame: Buffer): number => frame.byteLength - DATA_HEAD_BYTES;

export class Unacknowledged {
  #frames: Buffer[] = [];
  #head = 0;
  /** Of those that are left, how many have gone out on this connection, and their bytes. */
  #gone = 0;
  #goneBytes = 0;
  #bytes = 0;

  get length(): number {
    return this.#frames.length - this.#head;
  }

  /** Whether whoever sends has to wait. One message fits into any bound. */
  reaches({ messages, bytes }: QueueBound): boolean {
    return this.length >= messages || this.#bytes >= bytes;
  }

  push(frame: Buffer): void {
    this.#frames.push(frame);
    this.#bytes += contentBytes(frame);
  }

  /** The next frame for this connection; null where there is none, or the other end's window has no room for it. */
  next({ messages, bytes }: QueueBound): Buffer | null {
    if (this.#gone === this.length || this.#gone >= messages || this.#goneBytes >= bytes) return null;
    const frame = this.#frames[this.#head + this.#gone] as Buffer;
    this.#gone += 1;
    this.#goneBytes += contentBytes(frame);
    return frame;
  }

  /** The first `count` have arrived. */
  forget(count: number): void {
    for (let i = 0; i < count; i++) {
      const bytes = contentBytes(this.#frames[this.#head] as Buffer);
      this.#bytes -= bytes;
      if (this.#gone > 0) {
        this.#gone -= 1;
        this.#goneBytes -= bytes;
      }
      this.#frames[this.#head++] = EMPTY;
    }
    if (this.#head !== this.#frames.length && this.#head <= 1024) return;
    this.#frames = this.#frames.slice(this.#head);
    this.#head = 0;
  }

  /** There is another connection, on which nothing has gone out. */
  restart(): void {
    this.#gone = this.#goneBytes = 0;
  }

  /** Copies, in order. */
  list(): Message[] {
    return this.#frames.slice(this.#head).map((frame) => {
      const message = sealedMessage(frame);
      return typeof message === "string" ? message : message.slice();
    });
  }
}

const EMPTY = Buffer.alloc(0);
