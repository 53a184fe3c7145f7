// A conversation with another Cryonode end as it goes on: which messages were sent and have not arrived there, which
// have arrived here, and up to which of them that may be said.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { newConversation, type Conversation, type Standing } from "./conversation.ts";
import type { Message } from "./gate-provider.ts";
import type { QueueBound } from "./message-queue.ts";
import { roomFor } from "./message-room.ts";
import type { Hello } from "./hello.ts";
import { DATA_HEAD_BYTES, numberData, sealData } from "./paired-wire.ts";
import { Unacknowledged } from "./unacknowledged.ts";

export interface TalkSetting {
  readonly name: string;
  /** Bytes of one message. */
  readonly message: number;
  /** What may be sent before it is acknowledged, either way. */
  readonly window: QueueBound;
}

export class Talk {
  readonly #setting: TalkSetting;
  readonly #self: string;
  readonly #epoch: number;
  readonly #unacknowledged = new Unacknowledged();
  #peer: string | null;
  #peerEpoch: number;
  #sent = 0;
  /** Sends to come that were made already, maybe, and up to which number the other end has them. */
  #repeats: number;
  #known = 0;
  /** What the other end may be sent. */
  #window: QueueBound;
  /** Messages that arrived. */
  #arrived: number;
  /** Of those, the ones that no freeze can lose any more, and the ones that the other end was told of. */
  #safe: number;
  #said: number;
  #over: boolean;

  constructor(setting: TalkSetting, past: Conversation | null) {
    const { self, epoch, peer, peerEpoch, sent, unacknowledged, received, over } = past ?? newConversation();
    this.#setting = setting;
    this.#self = self;
    this.#epoch = past === null ? epoch : epoch + 1;
    this.#peer = peer;
    this.#peerEpoch = peerEpoch;
    this.#window = setting.window;
    this.#arrived = this.#safe = this.#said = received;
    this.#over = over;
    this.#sent = sent - unacknowledged.length;
    for (const message of unacknowledged) {
      const frame = this.frame(message);
      if (E.isRight(frame)) this.send(frame.right);
    }
    // None of these is one of the sends to come.
    this.#repeats = past?.repeats ?? 0;
  }

  get standing(): Standing {
    return {
      self: this.#self,
      epoch: this.#epoch,
      peer: this.#peer,
      peerEpoch: this.#peerEpoch,
      sent: this.#claimed,
      acknowledged: this.#acknowledged,
      received: this.#safe,
    };
  }
  get record(): Conversation {
    return {
      self: this.#self,
      epoch: this.#epoch,
      peer: this.#peer,
      peerEpoch: this.#peerEpoch,
      sent: this.#sent,
      unacknowledged: this.#unacknowledged.list(),
      received: this.#arrived,
      over: this.#over,
      ...(this.#repeats === 0 ? {} : { repeats: this.#repeats }),
    };
  }
  /** Messages that the other end may have. */
  get #claimed(): number {
    return this.#sent + this.#repeats;
  }
  get #acknowledged(): number {
    return this.#sent - this.#unacknowledged.length;
  }
  get arrived(): number {
    return this.#arrived;
  }
  /** Messages that the other end has not acknowledged. */
  get outstanding(): number {
    return this.#unacknowledged.length;
  }
  /** Whether whoever sends has to wait. */
  get full(): boolean {
    return this.#unacknowledged.reaches(this.#setting.window);
  }
  /** Whether it has ever met its other end. */
  get begun(): boolean {
    return this.#peer !== null;
  }
  /** The other end has closed the gate: nothing is sent any more. */
  get over(): boolean {
    return this.#over;
  }

  /** A message as it will go out, but for its number: a copy. Why it can't be sent at all. */
  frame(message: Message): Either<SessionError, Buffer> {
    const { name, message: limit } = this.#setting;
    const room = roomFor(name, limit, message, DATA_HEAD_BYTES, 0);
    if (E.isRight(room)) sealData(room.right, typeof message === "string");
    return room;
  }

  /** Numbers a frame and keeps it until it is acknowledged, without regard to the window. */
  send(frame: Buffer): void {
    numberData(frame, ++this.#sent);
    this.#repeats = Math.max(0, this.#repeats - 1);
    if (this.#sent > this.#known) this.#unacknowledged.push(frame);
  }

  /** There is a connection, and the other end has greeted. All that it has not got goes out again. */
  meet({ self, epoch, received, window }: Hello): void {
    this.#peer = self;
    this.#peerEpoch = epoch;
    this.#window = window;
    this.#unacknowledged.restart();
    // It may have told more on another connection, after this greeting.
    this.#forget(Math.max(received, this.#acknowledged));
    this.#said = 0;
  }

  /** The other end has met somebody else first, so there never was a conversation. */
  unmeet(): void {
    if (this.#acknowledged > 0 || this.#arrived > 0) return;
    this.#peer = null;
    this.#peerEpoch = 0;
  }

  /** The end it met is no longer there. If neither has said anything, nothing stands against meeting somebody else. */
  forsake(): void {
    if (this.#sent === 0) this.unmeet();
  }

  /** The next frame that may go out on this connection. */
  next(): Buffer | null {
    return this.#unacknowledged.next(this.#window);
  }

  /** Whether message `number` is new; a string says why it can't be. */
  arrive(number: number): boolean | string {
    if (number <= this.#arrived) return false;
    if (number > this.#arrived + 1) return `message ${number} came after message ${this.#arrived}`;
    this.#arrived = number;
    return true;
  }

  /** The other end has got all up to `number`; answers why it can't have, or null. */
  acknowledged(number: number): string | null {
    if (number > this.#claimed) return `it acknowledged message ${number} of ${this.#claimed}`;
    this.#forget(number);
    return null;
  }

  #forget(number: number): void {
    this.#known = Math.max(this.#known, number);
    this.#unacknowledged.forget(Math.max(0, Math.min(number, this.#sent) - this.#acknowledged));
  }

  /** No freeze can lose what has arrived up to `number` any more. */
  keep(number: number): void {
    this.#safe = Math.max(this.#safe, Math.min(number, this.#arrived));
  }

  /** What is to be said as acknowledged; null where the other end knows it. */
  due(): number | null {
    if (this.#safe <= this.#said) return null;
    this.#said = this.#safe;
    return this.#safe;
  }

  /** What the other end was told last, to be repeated as a sign of life. */
  get said(): number {
    return this.#said;
  }

  /** The other end has closed the gate. How many messages had not arrived there. */
  end(): number {
    const lost = this.#unacknowledged.length;
    this.#over = true;
    this.#unacknowledged.forget(lost);
    return lost;
  }
}
