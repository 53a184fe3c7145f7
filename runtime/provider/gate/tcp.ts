// The gate to a peer on the network: a TCP client, for peers that know nothing of Cryonode. Each end has a
// connection of its own. A peer can't be told apart from its successor, so what was under way when a
// connection ended may be lost, or have arrived without our hearing of it; the calls answer `Disconnected`.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { dial, usualRetry, type Retry } from "./dial.ts";
import type { Framing } from "./framing.ts";
import type { GateEnd, GateProvider, GateState } from "./gate-provider.ts";
import type { QueueBound } from "./message-queue.ts";
import { TcpEnd, type TcpSetting } from "./tcp-end.ts";

export interface TcpOptions {
  /** The name routes and errors know the gate by. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly framing: Framing;
  /** Bytes of one message, either way. Default 1 MiB. A longer one that arrives closes the end: `TooLarge`. */
  readonly message?: number;
  /** What may have arrived unreceived before the peer has to wait. Default 256 messages or 1 MiB. */
  readonly unread?: QueueBound;
  /** Default: 5 tries, 50 ms pause, doubling up to 800 ms, 2 s for each try. */
  readonly retry?: Partial<Retry>;
}

/**
 * `open` connects, and answers `Disconnected` after the last try. With a state, `unread` is received first,
 * and the bytes of a message begun are dropped and counted: the peer's new connection begins at a message.
 */
export const tcpGate = (options: TcpOptions): GateProvider => new TcpGate(options);

const mebibyte = 1024 * 1024;

class TcpGate implements GateProvider {
  readonly name: string;
  readonly #setting: TcpSetting;
  readonly #ends = new Set<TcpEnd>();
  readonly #stop = new AbortController();

  constructor(options: TcpOptions) {
    this.name = options.name;
    this.#setting = {
      name: options.name,
      peer: { host: options.host, port: options.port },
      framing: options.framing,
      message: options.message ?? mebibyte,
      unread: options.unread ?? { messages: 256, bytes: mebibyte },
      retry: { ...usualRetry, ...options.retry },
    };
  }

  async open(state: GateState | null): Promise<Either<SessionError, GateEnd>> {
    const { name, peer, retry } = this.#setting;
    const dialled = await dial(name, peer, retry, this.#stop.signal);
    if (E.isLeft(dialled)) return dialled;
    if (this.#stop.signal.aborted) {
      dialled.right.socket.destroy();
      return E.left({ tag: "Closed", what: `gate ${name}` });
    }
    const end = new TcpEnd(this.#setting, dialled.right, state, (released) => this.#ends.delete(released));
    this.#ends.add(end);
    return E.right(end);
  }

  close(): void {
    this.#stop.abort();
    for (const end of this.#ends) void end.close();
  }
}
