// A foreign peer for specs: a plain `node:net` server that knows nothing of our framings, and can be waited for.

import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A connection as the peer sees it. */
export interface PeerConnection {
  readonly socket: Socket;
  readonly bytes: Buffer;
  /** Our FIN has come. */
  readonly ended: boolean;
  readonly error: string | null;
}

class Connection implements PeerConnection {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  ended = false;
  error: string | null = null;

  constructor(socket: Socket, changed: () => void) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.chunks.push(chunk);
      changed();
    });
    socket.on("end", () => {
      this.ended = true;
      changed();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
      changed();
    });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
}

export class TcpPeer {
  readonly connections: Connection[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();
  /** Connections are accepted, and nothing is read from them. */
  deaf = false;

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.connections.push(new Connection(socket, this.#changed));
      if (this.deaf) socket.pause();
      this.#changed();
    });
  }

  /** On a port of 127.0.0.1, by default one that is free, or on a Unix socket. */
  static listen(at: number | string = 0): Promise<TcpPeer> {
    const peer = new TcpPeer();
    return new Promise((resolve, reject) => {
      peer.#server.once("error", reject);
      const place = typeof at === "number" ? { host: "127.0.0.1", port: at } : { path: at };
      peer.#server.listen(place, () => resolve(peer));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The `index`th connection, present or future. */
  async connection(index: number): Promise<PeerConnection> {
    await this.until(() => this.connections.length > index);
    return this.connections[index] as Connection;
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

  /** Stops listening and breaks all connections. */
  close(): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  readonly #changed = (): void => {
    for (const check of [...this.#waiting]) check();
  };
}
