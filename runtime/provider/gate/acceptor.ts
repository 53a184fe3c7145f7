// Listening for peers that call. One is served at a time. The next ones wait, connected and unread, so that the
// kernel makes them wait and the host does not grow; when too many wait, a further one is sent away by a reset.

import { createServer, type Server, type Socket } from "node:net";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Connection } from "./dial.ts";
import type { Peers } from "./peers.ts";
import { placeText, type Place } from "./place.ts";
import { retried, type Retry } from "./retry.ts";
import { badSocketPath, removeStaleSocket } from "./socket-file.ts";

export interface AcceptorSetting {
  readonly gate: string;
  readonly place: Place;
  readonly retry: Retry;
  /** Peers that may wait for the one that is served. */
  readonly waiting: number;
  /** ms that a send waits for a peer. */
  readonly patience: number;
}

type Taker = (socket: Socket | null) => void;

export class Acceptor implements Peers {
  readonly strangers = true;
  readonly patience: number;
  readonly #gate: string;
  readonly #server: Server;
  readonly #waiting: Socket[] = [];
  #taker: Taker | null = null;
  #closing: Promise<void> | null = null;

  private constructor({ gate, patience, waiting }: AcceptorSetting) {
    this.#gate = gate;
    this.patience = patience;
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true, keepAlive: true };
    this.#server = createServer(options, (socket) => this.#arrived(socket, waiting));
  }

  /**
   * Begins to listen. A place that is in use is tried again, since a frozen child's may just be about to be free; what
   * a Unix socket's listener left behind is removed. `Io` with the system's code, `InvalidPath` for a bad path,
   * `Closed` when `stop` is aborted.
   */
  static async listen(setting: AcceptorSetting, stop: AbortSignal): Promise<Either<SessionError, Acceptor>> {
    const { gate, place, retry } = setting;
    const closed: SessionError = { tag: "Closed", what: `gate ${gate}` };
    if (stop.aborted) return E.left(closed);
    const bad = "path" in place ? badSocketPath(place.path) : null;
    if (bad !== null) return E.left(bad);
    const attempt = (): Promise<Acceptor | SessionError> => Acceptor.#listenOnce(setting);
    const inUse = (given: Acceptor | SessionError): boolean =>
      !(given instanceof Acceptor) && given.tag === "Io" && given.code === "EADDRINUSE";
    const { result } = await retried(retry, stop, attempt, inUse);
    if (!(result instanceof Acceptor)) return E.left(stop.aborted ? closed : result);
    if (!stop.aborted) return E.right(result);
    await result.close();
    return E.left(closed);
  }

  static async #listenOnce(setting: AcceptorSetting): Promise<Acceptor | SessionError> {
    const { gate, place } = setting;
    const stale = "path" in place ? await removeStaleSocket(place.path) : null;
    if (stale !== null) return stale;
    const acceptor = new Acceptor(setting);
    const server = acceptor.#server;
    return new Promise((resolve) => {
      const failed = ({ code = "EIO" }: NodeJS.ErrnoException): void =>
        resolve({ tag: "Io", code, what: `gate ${gate}: listening at ${placeText(place)}` });
      server.once("error", failed).listen(place, () => {
        server.off("error", failed);
        // Accepting one peer may fail, for want of descriptors say; that is no reason to end.
        server.on("error", () => {});
        resolve(acceptor);
      });
    });
  }

  /** The port, which is of interest where 0 was asked for; null at a Unix socket. */
  get port(): number | null {
    const address = this.#server.address();
    return address === null || typeof address === "string" ? null : address.port;
  }

  async next(stop: AbortSignal): Promise<Either<SessionError, Connection>> {
    const aborted = (): void => this.#give(null);
    stop.addEventListener("abort", aborted);
    const socket = await this.#take(stop);
    stop.removeEventListener("abort", aborted);
    if (socket === null) return E.left({ tag: "Closed", what: `gate ${this.#gate}` });
    const connection: Connection = { socket, reader: null };
    // It rests, as it was accepted, until its link reads from it.
    socket.on("data", (chunk: Buffer) => connection.reader?.arrived(chunk));
    return E.right(connection);
  }

  /** Resolves when the place is free again. Those who wait are sent away. */
  close(): Promise<void> {
    return (this.#closing ??= new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#waiting.splice(0)) refuse(socket);
      this.#give(null);
    }));
  }

  #arrived(socket: Socket, most: number): void {
    // What happens to it is seen by whoever serves it.
    socket.on("error", () => {});
    if (this.#taker !== null) this.#give(socket);
    else if (this.#closing !== null || this.#waiting.length >= most) refuse(socket);
    else this.#waiting.push(socket);
  }

  #take(stop: AbortSignal): Promise<Socket | null> {
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift())
      if (!first.destroyed) return Promise.resolve(first);
    if (stop.aborted || this.#closing !== null) return Promise.resolve(null);
    return new Promise((taker) => (this.#taker = taker));
  }

  #give(socket: Socket | null): void {
    const taker = this.#taker;
    this.#taker = null;
    taker?.(socket);
  }
}

/** Nothing it has sent was read, and a reset says so. A Unix socket has none: there it sees the end. */
const refuse = (socket: Socket): void => {
  if (socket.localAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
};
