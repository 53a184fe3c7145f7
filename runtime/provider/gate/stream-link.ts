// One connection: what was written and not yet taken by the kernel, and a parting that loses nothing.

import type { Socket } from "node:net";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Connection, Reader } from "./dial.ts";
import { Fifo } from "./fifo.ts";

type Answer = (answer: Either<SessionError, void>) => void;

/** ms. How long a parting waits for the kernel to take what was written, and then for the peer's own FIN. */
const flushPatience = 5000;
const farewellPatience = 200;

const done: Either<SessionError, void> = E.right(undefined);

/** What its owner hears, besides the bytes. */
export interface LinkOwner extends Reader {
  /** A write that had not been answered at once has reached the kernel; before its answer. */
  flushed(): void;
  /** The peer has ended its half of a connection that may be half open: it still takes what is written. */
  ended(reason: string): void;
  /** The peer has ended, or the connection broke. Once; not after `part` or `destroy`. */
  lost(reason: string): void;
}

const peerClosed = "the peer has closed it";

export class StreamLink {
  readonly #gate: string;
  readonly #socket: Socket;
  readonly #connection: Connection;
  readonly #unflushed = new Fifo<Answer>();
  readonly #owner: LinkOwner;
  /** Whether the owner still wants to hear of bytes and of a loss. */
  #joined = true;
  #reading = true;
  #reason = "the connection is closed";
  /** Writes that were answered before their callback came. */
  #early = 0;
  #patience: NodeJS.Timeout | undefined;

  constructor(gate: string, connection: Connection, owner: LinkOwner) {
    this.#gate = gate;
    this.#connection = connection;
    this.#socket = connection.socket;
    this.#owner = owner;
    connection.reader = owner;
    this.#socket.on("end", () => {
      if (this.#joined && this.#socket.allowHalfOpen) return this.#owner.ended(peerClosed);
      // What was written still goes out, by the socket's own end.
      this.#lose(peerClosed);
      this.#endWithin(flushPatience);
    });
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#lose(error.code ?? error.message));
    this.#socket.on("close", () => {
      clearTimeout(this.#patience);
      this.#lose("the connection is closed");
      for (let next = this.#unflushed.shift(); next !== undefined; next = this.#unflushed.shift())
        next(this.#disconnected());
    });
    // An accepted connection rests until now.
    this.#socket.resume();
  }

  /** Answers when the kernel has the bytes, mostly at once. The bytes are the link's from now on. */
  write(bytes: Uint8Array): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    const socket = this.#socket;
    if (!socket.writable) return this.#disconnected();
    socket.write(bytes, this.#written);
    if (this.#unflushed.length === 0 && socket.writableLength === 0 && socket.errored === null) {
      this.#early += 1;
      return done;
    }
    return new Promise((answer) => this.#unflushed.push(answer));
  }

  /** One for all writes: the stream calls it in their order. */
  readonly #written = (error?: Error | null): void => {
    if (this.#early > 0) {
      this.#early -= 1;
      return;
    }
    // After an error the rest are answered at the close, which knows the reason.
    if (error) return;
    this.#owner.flushed();
    this.#unflushed.shift()?.(done);
  };

  /** Whether to go on reading. What is not read fills the kernel's buffer, and then the peer has to wait. */
  read(on: boolean): void {
    if (on === this.#reading) return;
    this.#reading = on;
    if (on) this.#socket.resume();
    else this.#socket.pause();
  }

  /**
   * Sends what was written, then FIN, and drops what comes until the peer's FIN or 200 ms: were the socket
   * destroyed with unread bytes in it, the kernel would answer by a reset, which takes from the peer what it
   * has not read yet.
   */
  part(): Promise<void> {
    this.#leave();
    const socket = this.#socket;
    if (socket.closed) return Promise.resolve();
    return new Promise((resolve) => {
      socket.once("close", resolve);
      this.#endWithin(flushPatience);
      const flushed = (): void => this.#endWithin(farewellPatience);
      if (socket.writableFinished) flushed();
      else socket.once("finish", flushed).end();
      this.read(true);
    });
  }

  /** At once, without regard to the peer. */
  destroy(reason: string): void {
    this.#leave();
    this.#reason = reason;
    this.#socket.destroy();
  }

  #endWithin(ms: number): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#socket.destroy(), ms);
  }

  #leave(): void {
    this.#joined = false;
    this.#connection.reader = null;
  }

  #lose(reason: string): void {
    if (!this.#joined) return;
    this.#reason = reason;
    this.#leave();
    this.#owner.lost(reason);
  }

  #disconnected(): Either<SessionError, never> {
    return E.left({ tag: "Disconnected", gate: this.#gate, reason: this.#reason });
  }
}
