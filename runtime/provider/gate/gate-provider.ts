// What a host offers as gates: ordered, whole messages to and from something outside. Anyone may write another
// provider against this page; `gateProviderSuite` in spec/provider checks it. Providers don't judge rights: the
// session above them has done so.

import type { SessionError } from "../../../lib/error.ts";
import type { Either } from "../../../lib/fp.ts";
import type { Conversation } from "./conversation.ts";

/** What a route may allow. */
export type GateRight = "send" | "receive";

/** Text or bytes. What is handed over is copied: the sender may use its bytes again. */
export type Message = string | Uint8Array;

/** Where an end stands in its two streams: what an image keeps of it. */
export interface GateState {
  /** Messages whose `send` was answered, since the gate was first opened. */
  readonly sent: number;
  /** Messages that `receive` gave out, since the gate was first opened. */
  readonly received: number;
  /** Arrived, not yet received, in order. Empty where the provider itself keeps them. */
  readonly unread: readonly Message[];
  /** Bytes of a message begun; for the record, see the provider on what becomes of them. */
  readonly partial: Uint8Array;
  /** What the owner is still to hear, once, after `unread`: that what these came from is over, and why. */
  readonly parted?: string | undefined;
  /** Between two Cryonode ends: what the two have to agree on. */
  readonly conversation?: Conversation | undefined;
}

/** What has arrived, as a gate tells it that is asked now and then. */
export interface News {
  /** How many messages in all, received or not, since the gate was first opened. */
  readonly count: number;
  /** The last of them: at least those that arrived since this was asked before. */
  readonly last: readonly Message[];
  readonly parted: string | null;
}

/** One owner's end of a gate. After `close` every call answers `Closed`. */
export interface GateEnd {
  /** How often this end had to connect anew since it was opened; 0 where nothing can break. */
  readonly reconnected: number;
  /** Bytes of unfinished messages that were dropped with the connections they had begun on. */
  readonly dropped: number;
  /** Of an end that was opened from a state: what is no longer as it was, for a component that asks. */
  readonly changed?: string;
  /**
   * Answers when the message is handed over; until then it counts as unsent. Messages go out in the order of
   * the calls. `InvalidArgument` or `TooLarge` for a message the gate can't carry, which changes nothing;
   * `Disconnected` when the other end is gone: whether it still got the message is then unknown.
   */
  send(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void>;
  /** The next whole message, at once where it is there; several waiters are served in the order of their calls. */
  receive(): Promise<Either<SessionError, Message>> | Either<SessionError, Message>;
  /** Completes no `receive` until `resume`; calls wait meanwhile. What was completed before counts. */
  suspend(): void;
  resume(): void;
  /** Only while suspended, else it throws. The end stays usable: `resume` goes on as if nothing had been. */
  capture(): GateState | Promise<GateState>;
  /** What a state of it was when it was opened, where that is more than nothing sent and nothing received. */
  readonly opened?: GateState;
  /**
   * For gates whose messages arrive because of a `send`, which is answered when they have: what a durable host writes down
   * with each answer, lest a crash lose them. `parted`: why what is under way would not go on after one; null where
   * nothing is.
   */
  news?(): News;
  /** For gates that were told to wait for it before they let anybody know them: what they began with, in `opened` or in
   *  `begun`, is safe. */
  noted?(): void;
  /** What began with the call that has just failed; null where nothing did. */
  begun?(): string | null;
  /** A freeze is about to wait for sends: answers those that wait for the other end, as far as nothing is lost by it. */
  hasten?(): void;
  /** The revival that opened it from a state has succeeded, and nobody will open that state again. */
  revived?(): void;
  /**
   * The messages up to that one which `received` counts as `count` are safe: no crash loses them any more. For gates that
   * were told to wait for it before they let the other side forget what it sent.
   */
  acknowledge?(count: number): void;
  /** The other side hears that it was closed, and a durable host may not say so before that is safe. */
  readonly parts?: true;
  /** Its owner has given it up for good, and `close` follows; at a freeze, `close` comes alone. */
  dismissed?(): void;
  /** Resolves when the end is released; what was sent has been delivered as far as the provider can see to it. */
  close(): void | Promise<void>;
}

export interface GateProvider {
  /** The name routes and errors know it by. */
  readonly name: string;
  /** Whether it goes on with a `conversation`; a state with one is denied elsewhere. */
  readonly pairs?: true;
  /**
   * Null opens a gate at its beginning; a state opens it at that place: the counts go on from there and
   * `unread` is received first. `Denied` where the gate has an owner already and allows one only.
   */
  open(state: GateState | null): Promise<Either<SessionError, GateEnd>>;
  /** Closes all its ends. */
  close(): void;
}
