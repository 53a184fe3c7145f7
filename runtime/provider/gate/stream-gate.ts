// Gates over a stream of bytes, whatever carries it: to one peer, or to whoever calls. `tcp.ts` and `unix.ts` name
// them. A peer can't be told apart from its successor, so what was under way when a connection ended may be lost, or
// have arrived without our hearing of it; the calls answer `Disconnected`.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { Acceptor } from "./acceptor.ts";
import { dial } from "./dial.ts";
import type { Framing } from "./framing.ts";
import type { GateEnd, GateProvider, GateState } from "./gate-provider.ts";
import type { StreamSetting } from "./inward.ts";
import type { QueueBound } from "./message-queue.ts";
import type { Peers } from "./peers.ts";
import type { Place } from "./place.ts";
import { usualRetry, type Retry } from "./retry.ts";
import { badSocketPath } from "./socket-file.ts";
import { StreamEnd } from "./stream-end.ts";

export interface StreamOptions {
  /** The name routes and errors know the gate by. */
  readonly name: string;
  readonly framing: Framing;
  /** Bytes of one message, either way. Default 1 MiB. A longer one that arrives ends the connection: `TooLarge`. */
  readonly message?: number;
  /** What may have arrived unreceived before the peer has to wait. Default 256 messages or 1 MiB. */
  readonly unread?: QueueBound;
  /** Default: 5 tries, 50 ms pause, doubling up to 800 ms, 2 s for each try. */
  readonly retry?: Partial<Retry>;
}

export interface ListenOptions extends StreamOptions {
  /** Peers that may wait while another one is served; a further one is sent away. Default 16. */
  readonly waiting?: number;
  /** ms that a send waits for somebody to connect. Default 4,000: less than a freeze waits for it. */
  readonly patience?: number;
}

/** A gate whose peers call. One end at a time. */
export interface ListeningGate extends GateProvider {
  /** Where it listens now; null while it has no end, and at a Unix socket. */
  readonly port: number | null;
}

const mebibyte = 1024 * 1024;
const mostWaiting = 16;
const sendPatience = 4000;

const settingOf = (options: StreamOptions): StreamSetting => ({
  name: options.name,
  framing: options.framing,
  message: options.message ?? mebibyte,
  unread: options.unread ?? { messages: 256, bytes: mebibyte },
});

export class DiallingGate implements GateProvider {
  readonly name: string;
  readonly #setting: StreamSetting;
  readonly #place: Place;
  readonly #peers: Peers;
  readonly #ends = new Set<StreamEnd>();
  readonly #stop = new AbortController();

  constructor(place: Place, options: StreamOptions) {
    const { name } = options;
    const retry = { ...usualRetry, ...options.retry };
    this.name = name;
    this.#setting = settingOf(options);
    this.#place = place;
    this.#peers = {
      strangers: false,
      patience: Infinity,
      next: (stop) => dial(name, place, retry, stop),
      close: async () => {},
    };
  }

  async open(state: GateState | null): Promise<Either<SessionError, GateEnd>> {
    const bad = "path" in this.#place ? badSocketPath(this.#place.path) : null;
    if (bad !== null) return E.left(bad);
    const dialled = await this.#peers.next(this.#stop.signal);
    if (E.isLeft(dialled)) return dialled;
    if (this.#stop.signal.aborted) {
      dialled.right.socket.destroy();
      return E.left({ tag: "Closed", what: `gate ${this.name}` });
    }
    const released = (end: StreamEnd): void => void this.#ends.delete(end);
    const end = new StreamEnd(this.#setting, this.#peers, dialled.right, state, released);
    this.#ends.add(end);
    return E.right(end);
  }

  close(): void {
    this.#stop.abort();
    for (const end of this.#ends) void end.close();
  }
}

export class AcceptingGate implements ListeningGate {
  readonly name: string;
  readonly #options: ListenOptions;
  readonly #place: Place;
  readonly #stop = new AbortController();
  #taken = false;
  #acceptor: Acceptor | null = null;
  #end: StreamEnd | null = null;

  constructor(place: Place, options: ListenOptions) {
    this.name = options.name;
    this.#options = options;
    this.#place = place;
  }

  get port(): number | null {
    return this.#acceptor?.port ?? null;
  }

  async open(state: GateState | null): Promise<Either<SessionError, GateEnd>> {
    if (this.#stop.signal.aborted) return E.left({ tag: "Closed", what: `gate ${this.name}` });
    if (this.#taken)
      return E.left({ tag: "Denied", service: "Gate", label: this.name, reason: "it has an owner already" });
    this.#taken = true;
    const { name, retry, waiting = mostWaiting, patience = sendPatience } = this.#options;
    const listening = await Acceptor.listen(
      { gate: name, place: this.#place, retry: { ...usualRetry, ...retry }, waiting, patience },
      this.#stop.signal,
    );
    if (E.isLeft(listening)) {
      this.#taken = false;
      return listening;
    }
    const released = (): void => {
      this.#taken = false;
      this.#acceptor = this.#end = null;
    };
    this.#acceptor = listening.right;
    this.#end = new StreamEnd(settingOf(this.#options), listening.right, null, state, released);
    return E.right(this.#end);
  }

  close(): void {
    this.#stop.abort();
    void this.#end?.close();
  }
}
