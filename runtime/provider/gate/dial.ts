// Connecting to a peer that may be late: a bounded number of tries, with growing pauses between them.

import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";

export interface Peer {
  readonly host: string;
  readonly port: number;
}

export interface Retry {
  /** Connections tried before the peer counts as gone. Default 5. */
  readonly tries: number;
  /** ms before the second try; doubled before each further one. Default 50. */
  readonly first: number;
  /** ms, the longest pause. Default 800. */
  readonly longest: number;
  /** ms that one try may take. Default 2,000. */
  readonly patience: number;
}

export const usualRetry: Retry = { tries: 5, first: 50, longest: 800, patience: 2000 };

/** Bytes read at a time. */
const readSize = 64 * 1024;

/** Takes what a connection reads; the view is valid during the call only. */
export interface Reader {
  arrived(chunk: Uint8Array): void;
}

/** A connection, before anything was read from it; its reader is to be set in the tick of its arrival. */
export interface Dialled {
  readonly socket: Socket;
  reader: Reader | null;
}

/** `Disconnected` after the last try; `Closed` when `stop` is aborted. */
export const dial = async (
  gate: string,
  peer: Peer,
  retry: Retry,
  stop: AbortSignal,
): Promise<Either<SessionError, Dialled>> => {
  let delay = retry.first;
  for (let attempt = 1; !stop.aborted; attempt++) {
    const result = await connectOnce(peer, retry.patience, stop);
    if (typeof result !== "string") return E.right(result);
    if (attempt >= retry.tries && !stop.aborted) {
      const reason = `${result} ${peer.host}:${peer.port}, after ${attempt} ${attempt === 1 ? "try" : "tries"}`;
      return E.left({ tag: "Disconnected", gate, reason });
    }
    // An abort ends the pause early, and is seen by the loop.
    await pause(delay, undefined, { signal: stop }).catch(() => {});
    delay = Math.min(2 * delay, retry.longest);
  }
  return E.left({ tag: "Closed", what: `gate ${gate}` });
};

/** A connection, or why there is none. */
const connectOnce = (peer: Peer, patience: number, stop: AbortSignal): Promise<Dialled | string> =>
  new Promise((resolve) => {
    // Reading into one buffer of ours leaves no bytes in the stream's own when we pause.
    const onread = {
      buffer: new Uint8Array(readSize),
      callback: (count: number, buffer: Uint8Array): boolean => {
        dialled.reader?.arrived(buffer.subarray(0, count));
        return true;
      },
    };
    const socket = connect({ ...peer, noDelay: true, keepAlive: true, onread });
    const dialled: Dialled = { socket, reader: null };
    const settle = (result: Dialled | string): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", aborted);
      socket.off("connect", connected).off("error", failed);
      if (typeof result === "string") {
        // What it has still to report concerns nobody.
        socket.on("error", () => {}).destroy();
      }
      resolve(result);
    };
    const connected = (): void => settle(dialled);
    const failed = (error: NodeJS.ErrnoException): void => settle(error.code ?? error.message);
    const aborted = (): void => settle("aborted");
    const timer = setTimeout(() => settle("ETIMEDOUT"), patience);
    socket.on("connect", connected).on("error", failed);
    stop.addEventListener("abort", aborted);
  });
