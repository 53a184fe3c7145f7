// Connecting to a peer that may be late: a bounded number of tries, with growing pauses between them.

import { connect, type Socket } from "node:net";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { placeText, type Place } from "./place.ts";
import { retried, triesText, type Retry } from "./retry.ts";

/** Bytes read at a time. */
const readSize = 64 * 1024;

/** Takes what a connection reads; the view is valid during the call only. */
export interface Reader {
  arrived(chunk: Uint8Array): void;
}

/** A connection, before anything was read from it; its reader is to be set in the tick of its arrival. */
export interface Connection {
  readonly socket: Socket;
  reader: Reader | null;
}

/** `Disconnected` after the last try; `Closed` when `stop` is aborted. */
export const dial = async (
  gate: string,
  place: Place,
  retry: Retry,
  stop: AbortSignal,
): Promise<Either<SessionError, Connection>> => {
  const closed: SessionError = { tag: "Closed", what: `gate ${gate}` };
  if (stop.aborted) return E.left(closed);
  const attempt = (): Promise<Connection | string> => connectOnce(place, retry.connect, stop);
  const { result, tries } = await retried(retry, stop, attempt, (given) => typeof given === "string");
  if (typeof result !== "string") return E.right(result);
  if (stop.aborted) return E.left(closed);
  const reason = `${result} ${placeText(place)}, after ${triesText(tries)}`;
  return E.left({ tag: "Disconnected", gate, reason });
};

/** A connection, or why there is none. `patience` in ms. */
export const connectOnce = (
  place: Place,
  patience: number,
  stop: AbortSignal,
): Promise<Connection | string> =>
  new Promise((resolve) => {
    // Reading into one buffer of ours leaves no bytes in the stream's own when we pause.
    const onread = {
      buffer: new Uint8Array(readSize),
      callback: (count: number, buffer: Uint8Array): boolean => {
        connection.reader?.arrived(buffer.subarray(0, count));
        return true;
      },
    };
    const socket = connect({ ...place, noDelay: true, keepAlive: true, onread });
    const connection: Connection = { socket, reader: null };
    const settle = (result: Connection | string): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", aborted);
      socket.off("connect", connected).off("error", failed);
      if (typeof result === "string") {
        // What it has still to report concerns nobody.
        socket.on("error", () => {}).destroy();
      }
      resolve(result);
    };
    const connected = (): void => settle(connection);
    const failed = (error: NodeJS.ErrnoException): void => settle(error.code ?? error.message);
    const aborted = (): void => settle("aborted");
    const timer = setTimeout(() => settle("ETIMEDOUT"), patience);
    socket.on("connect", connected).on("error", failed);
    stop.addEventListener("abort", aborted);
  });
