// What the ends of a paired gate have to know beside their conversation.

import type { SessionError } from "../../../lib/error.ts";
import type { Connection } from "./dial.ts";
import type { QueueBound } from "./message-queue.ts";
import type { Retry } from "./retry.ts";

export interface PairedSetting {
  /** The gate's, for errors. */
  readonly name: string;
  /** Bytes of one message. Both ends have the same bound. */
  readonly message: number;
  /** What may be sent before it is acknowledged, either way; and what may have arrived unreceived before more of it is
   *  acknowledged. */
  readonly window: QueueBound;
  /** ms that a call waits while the other end is not there; Infinity for as long as it takes. */
  readonly patience: number;
  readonly retry: Retry;
  /** ms between signs of life. */
  readonly pulse: number;
  /** ms that a close waits for the other end to take a message more of what was sent. */
  readonly farewell: number;
  /** When a message is acknowledged: as soon as it is in the gate, or when `acknowledge` was told that it is safe. */
  readonly acknowledge: "arrived" | "told";
  /** Told where the other end has met a later incarnation of this one. */
  readonly stale: (error: SessionError) => void;
  /** Peers that may be greeting at once. */
  readonly waiting: number;
}

/** Where connections to the other end come from. */
export interface Partners {
  /** Whether it is this end that calls; the other one is called. */
  readonly calls: boolean;
  /** One try to call, or the next one who does; a text says why there is none. */
  next(stop: AbortSignal): Promise<Connection | string>;
  /** Of who calls: whoever was called last was not the other end, or did not greet. Whether somebody else may be it. */
  unmet?(byRefusal: boolean): boolean;
  close(): Promise<void>;
}
