// Foreign clients of a listening gate: plain `node:net` sockets that can be waited for.

import { connect, type NetConnectOpts, type Socket } from "node:net";

export class Caller {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  readonly #waiting = new Set<() => void>();
  /** The gate's FIN has come. */
  ended = false;
  closed = false;
  error: string | null = null;

  /** `place`: a port of 127.0.0.1, or the path of a Unix socket. Its own half stays open when the other one ends. */
  constructor(place: number | string) {
    const to: NetConnectOpts =
      typeof place === "number" ? { host: "127.0.0.1", port: place } : { path: place };
    this.socket = connect({ ...to, allowHalfOpen: true });
    this.socket.on("data", (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#changed();
    });
    this.socket.on("end", () => {
      this.ended = true;
      this.#changed();
    });
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
      this.#changed();
    });
    this.socket.on("close", () => {
      this.closed = true;
      this.#changed();
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
  get text(): string {
    return String(this.bytes);
  }

  /** Resolves when the kernel has it, and so when it has connected. */
  write(data: string | Uint8Array): Promise<void> {
    return new Promise((flushed) => void this.socket.write(data, () => flushed()));
  }

  /** Resolves when `holds`, asked at every event here. */
  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  readonly #changed = (): void => {
    for (const check of [...this.#waiting]) check();
  };
}
