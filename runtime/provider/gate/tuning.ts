// What a host's configuration may say about a gate beside where it leads; what it leaves out has the default that the
// gate's own options name.

import type { Framing } from "./framing.ts";
import type { QueueBound } from "./message-queue.ts";
import type { Place } from "./place.ts";
import type { Retry } from "./retry.ts";

/** How messages travel: cut from a stream that the peer knows nothing else of, or in the protocol of two Cryonode ends. */
export type Wire = Framing | "cryonode";

export interface QueueTuning {
  /** Messages that wait, each way. */
  readonly unread?: QueueBound;
}

export interface StreamTuning extends QueueTuning {
  /** Bytes of one message. */
  readonly message?: number;
  readonly retry?: Partial<Retry>;
  /** Of a listener: peers that may wait. */
  readonly waiting?: number;
  /** Of a listener, and of the end of a pair: ms that a call waits for the other side. */
  readonly patience?: number;
  /** Of the end of a pair that calls: where the other one may be as well, since it moves between hosts. */
  readonly elsewhere?: readonly Place[];
}

export interface HttpTuning extends QueueTuning {
  readonly message?: number;
  readonly retry?: Partial<Retry>;
  /** ms for one answer. */
  readonly within?: number;
  /** The file with the certificates of those who vouch for the server, in PEM; the system's, where there is none. */
  readonly ca?: string;
}

/** The most that any of them may be. A turn's calls carry no more than a message of that size. */
export const MOST = {
  message: 64 * 1024 ** 2,
  messages: 1_000_000,
  bytes: 1024 ** 3,
  tries: 1_000_000,
  waiting: 1024,
} as const;
