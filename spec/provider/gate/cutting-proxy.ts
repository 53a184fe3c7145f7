// A wire that is cut: a TCP proxy that passes so many bytes of each connection and then ends it, by a reset or an end
// in mid-frame, and hands bytes on in pieces and late.

import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export interface Cut {
  /** Bytes that pass, from either side taken together, before the connection ends. */
  readonly after: number;
  /** Whether both sides see a reset, or an end. */
  readonly reset: boolean;
  /** Bytes of one piece. */
  readonly piece: number;
  /** Passes of the event loop between two pieces. */
  readonly late: number;
}

const passes = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((pass) => setImmediate(pass));
};

export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #muted = new WeakSet<Socket>();
  /** How the next connections are cut; once there are none left, they are not. */
  readonly cuts: Cut[];
  /** Connections that were cut. */
  done = 0;

  private constructor(target: number, cuts: readonly Cut[]) {
    this.cuts = [...cuts];
    this.#server = createServer({ allowHalfOpen: false }, (near) => {
      const far = connect({ host: "127.0.0.1", port: target });
      const cut = this.cuts.shift() ?? { after: Infinity, reset: false, piece: 65536, late: 0 };
      const left = { bytes: cut.after };
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from
          .on("error", () => {})
          .on("close", () => {
            this.#sockets.delete(from);
            to.destroy();
          });
        void this.#pass(from, to, cut, left);
      }
    });
  }

  static listen(target: number, cuts: readonly Cut[]): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target, cuts);
    return new Promise((resolve) => void proxy.#server.listen(0, "127.0.0.1", () => resolve(proxy)));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #pass(from: Socket, to: Socket, cut: Cut, left: { bytes: number }): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let at = 0; at < chunk.length;) {
          await passes(cut.late);
          const piece = chunk.subarray(at, at + Math.min(cut.piece, left.bytes));
          at += piece.length;
          left.bytes -= piece.length;
          if (this.#muted.has(to)) return;
          if (!to.destroyed) await new Promise((flushed) => to.write(piece, flushed));
          if (left.bytes > 0) continue;
          this.done += 1;
          for (const socket of [from, to])
            if (cut.reset) socket.resetAndDestroy();
            else socket.destroySoon();
          return;
        }
      }
      to.end();
    } catch {
      to.destroy();
    }
  }

  /** Of the connections that there are, nothing passes any more, and neither side is told. */
  mute(): void {
    for (const socket of this.#sockets) {
      socket.removeAllListeners("close").pause();
      this.#muted.add(socket);
    }
  }

  /** Cuts all connections now. */
  cut(): void {
    if (this.#sockets.size > 0) this.done += 1;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}
