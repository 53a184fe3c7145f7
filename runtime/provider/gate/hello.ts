// What two Cryonode ends of a gate say of themselves when they meet, and why they may not talk.

import type { QueueBound } from "./message-queue.ts";

/** More messages than a conversation will see: what six bytes hold. */
export const LAST_NUMBER = 2 ** 48 - 1;

/** Why an end won't talk. Each is the view of the one who refuses; their order is that of the protocol. */
export const REFUSALS = ["version", "taken", "stale", "behind", "ahead", "size", "busy"] as const;
export type Refusal = (typeof REFUSALS)[number];

export interface Hello {
  /** 32 hexadecimal digits, drawn when the conversation began. */
  readonly self: string;
  /** Incarnations of this end. */
  readonly epoch: number;
  /** The end it talks to, once it knows one, and the latest incarnation of that one that it has met. */
  readonly peer: string | null;
  readonly peerEpoch: number;
  /** Messages sent, of those the ones that it was told arrived, and messages that arrived here. */
  readonly sent: number;
  readonly acknowledged: number;
  readonly received: number;
  /** Bytes of one message at most. */
  readonly message: number;
  /** What may be on its way to it unacknowledged. */
  readonly window: QueueBound;
}
