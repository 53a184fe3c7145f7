// One owner's end of a gate whose other end is Cryonode's, too. Each message gets there once and in order, whichever of
// the two is frozen, revived in another process, or cut off meanwhile: it is kept until the other end has it safe.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Standing } from "./conversation.ts";
import { Absence } from "./absence.ts";
import { Answers, type Answer } from "./answers.ts";
import { Farewell } from "./farewell.ts";
import { Fifo } from "./fifo.ts";
import type { GateEnd, GateState, Message } from "./gate-provider.ts";
import { MessageQueue } from "./message-queue.ts";
import type { PairedSetting, Partners } from "./paired-setting.ts";
import { Talk } from "./paired-talk.ts";
import type { Hello, Refusal } from "./hello.ts";
import { ackFrame, byeFrame, type Frame } from "./paired-wire.ts";
import { refusalText } from "./refusal-text.ts";
import { Rendezvous, type Seeker } from "./rendezvous.ts";

const NOTHING = new Uint8Array(0);
const done: Either<SessionError, void> = E.right(undefined);

export class PairedEnd implements GateEnd, Seeker {
  readonly dropped = 0;
  readonly changed?: string;
  readonly opened: GateState;
  readonly parts?: true;
  readonly #setting: PairedSetting;
  readonly #rendezvous: Rendezvous;
  readonly #released: (end: PairedEnd) => void;
  readonly #unread: MessageQueue;
  readonly #receivers = new Answers<Message>();
  readonly #absence: Absence;
  readonly #farewell: Farewell;
  /** Sends that wait for room. */
  readonly #waiting = new Fifo<{ readonly frame: Buffer; readonly answer: Answer<void> }>();
  #talk: Talk;
  /** What `received` and the unread messages came to when the conversation began. */
  #base: number;
  #sent: number;
  #received: number;
  /** What the owner is still to hear, once, after all that is unread. */
  #untold: SessionError | null = null;
  /** Why nothing will be sent or received any more. */
  #failure: SessionError | null = null;
  #suspended = false;
  /** What it was opened from may still be needed. */
  #unsettled: boolean;
  #acknowledging = false;
  /** Of the conversations that began here, how many are not safe yet. Nobody is told of the last one before. */
  #unnoted: number;
  /** The one that began with the call that failed just now. */
  #begun: string | null = null;
  /** The other end has said that it has left, and is still to hear that this one knows. */
  #byeDue = false;
  /** Closes for good: the other end is to know. */
  #leaving = false;
  #closing: Promise<void> | null = null;

  constructor(
    setting: PairedSetting,
    partners: Partners,
    state: GateState | null,
    released: (end: PairedEnd) => void,
  ) {
    this.#setting = setting;
    this.#rendezvous = new Rendezvous(setting, partners, this);
    this.#released = released;
    this.#absence = new Absence(setting.patience, () => this.#refuse(this.#away()));
    this.#farewell = new Farewell(setting.farewell);
    this.#unread = new MessageQueue(setting.window);
    for (const message of state?.unread ?? []) this.#unread.push(message);
    this.#sent = state?.sent ?? 0;
    this.#received = state?.received ?? 0;
    const past = state?.conversation ?? null;
    this.#talk = new Talk(setting, past);
    this.#base = this.#received + this.#unread.length - this.#talk.arrived;
    this.#unsettled = state !== null;
    if (state !== null && past === null) this.changed = "new conversation";
    const { record: conversation } = this.#talk;
    this.opened = { sent: this.#sent, received: this.#received, unread: [], partial: NOTHING, conversation };
    if (this.#tells) this.parts = true;
    this.#unnoted = this.#tells && past === null ? 1 : 0;
    if (this.#talk.over) this.#untold = this.#disconnected("the other end has closed the gate");
  }

  /** Whether it says no more than what it was told is safe. */
  get #tells(): boolean {
    return this.#setting.acknowledge === "told";
  }

  get reconnected(): number {
    return Math.max(0, this.#rendezvous.meetings - 1);
  }

  /**
   * Where this end calls, it meets the other one now: by so many tries, or `Disconnected`; `Denied` where somebody is
   * there and won't talk. Where it is called, it waits for nobody. `Closed` after a close.
   */
  async begin(tries: number, strict: boolean): Promise<SessionError | null> {
    if (!this.#rendezvous.calls || this.#untold !== null) {
      this.#rendezvous.goOn();
      return null;
    }
    const greeting = await this.#rendezvous.begin(tries);
    if (this.#failure !== null) return this.#failure;
    if (greeting.kind === "refused") {
      // A durable host brings its children back whatever has become of their peers; their calls hear of it.
      if (strict || this.#setting.acknowledge === "arrived")
        return this.#denied(greeting.refusal, greeting.byUs);
      this.turnedDown(greeting.refusal, greeting.byUs);
    }
    if (greeting.kind === "failed" && strict) return this.#disconnected(this.#rendezvous.reason);
    this.#rendezvous.goOn();
    return null;
  }

  send(message: Message): Promise<Either<SessionError, void>> | Either<SessionError, void> {
    const wrong = this.#failure ?? this.#untold;
    if (wrong !== null) return E.left(this.#unread.length === 0 ? this.#tell(wrong) : wrong);
    const frame = this.#talk.frame(message);
    if (E.isLeft(frame)) return frame;
    if (this.#waiting.length === 0 && !this.#talk.full) return this.#hand(frame.right);
    return new Promise((answer) => {
      this.#waiting.push({ frame: frame.right, answer });
      this.#need();
    });
  }

  receive(): Promise<Either<SessionError, Message>> | Either<SessionError, Message> {
    if (this.#failure !== null) return E.left(this.#failure);
    if (!this.#suspended && this.#receivers.length === 0 && this.#unread.length > 0)
      return E.right(this.#next());
    const waiting = this.#receivers.wait();
    this.#deliver();
    this.#need();
    return waiting;
  }

  /** Sends that wait for room are kept as if there were: they are no more than the calls in flight. */
  hasten(): void {
    this.#admit(true);
  }

  suspend(): void {
    this.#suspended = true;
    this.#absence.end();
  }

  resume(): void {
    this.#suspended = false;
    this.#deliver();
    this.#admit(false);
    this.#need();
    this.#keep();
  }

  revived(): void {
    this.#unsettled = false;
    // What it has come back with is not what it began with.
    if (this.changed !== undefined) this.noted();
    this.#keep();
  }

  begun(): string | null {
    const begun = this.#begun;
    this.#begun = null;
    return begun;
  }

  noted(): void {
    this.#unnoted = Math.max(0, this.#unnoted - 1);
    this.#sayByeToo();
    if (!this.noticed || this.#failure !== null) return;
    this.#rendezvous.agree();
    this.#need();
  }

  acknowledge(count: number): void {
    this.#talk.keep(count - this.#base);
    this.#acknowledgeSoon();
  }

  capture(): GateState {
    if (!this.#suspended) throw new Error("a gate is captured while it is suspended");
    return {
      sent: this.#sent,
      received: this.#received,
      unread: this.#unread.list(),
      partial: NOTHING,
      conversation: this.#talk.record,
    };
  }

  dismissed(): void {
    this.#leaving = true;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#failure = { tag: "Closed", what: `gate ${this.#setting.name}` };
    this.#absence.end();
    while (this.#unread.shift() !== undefined);
    this.#refuse(this.#failure);
    this.#sayByeToo();
    // After a freeze, or a revival that failed, an image has what the other end has not.
    if (!this.#suspended && !this.#unsettled && this.#owes) await this.#leave();
    await this.#rendezvous.close();
    this.#released(this);
  }

  /** Whether the other end is still to be told something: messages, or that the gate was closed for good. */
  get #owes(): boolean {
    if (this.#talk.over) return false;
    if (this.#leaving && (this.#talk.begun || this.#rendezvous.greets)) return true;
    // What a durable host has written down is not lost with this end.
    return this.#talk.outstanding > 0 && this.#setting.acknowledge === "arrived";
  }

  /** The other end is to have all, and where this one leaves for good, to know that nothing follows. */
  async #leave(): Promise<void> {
    const left = this.#farewell.wait(() => this.#talk.outstanding);
    if (this.#rendezvous.inTouch) this.#sayBye();
    else this.#rendezvous.goOn();
    await left;
  }

  #sayBye(): void {
    if (!this.#farewell.waits || this.#talk.outstanding > 0) return;
    this.#acknowledge();
    if (this.#leaving) this.#rendezvous.write(byeFrame());
    else this.#farewell.over();
  }

  /** The other end has left; the owner has heard of it, or has left, too. */
  #sayByeToo(): void {
    if (!this.#byeDue || (this.#untold !== null && this.#failure === null)) return;
    this.#byeDue = false;
    this.#rendezvous.write(byeFrame());
    this.#rendezvous.part();
  }

  // --- what the other end says

  get noticed(): boolean {
    return this.#unnoted === 0;
  }
  get standing(): Standing {
    return this.#talk.standing;
  }
  get busy(): boolean {
    return this.#talk.over;
  }
  get said(): number {
    return this.#talk.said;
  }
  get wants(): boolean {
    return this.#farewell.waits || (this.#failure === null && this.#untold === null);
  }

  met(hello: Hello): void {
    this.#absence.end();
    this.#talk.meet(hello);
    this.#pump();
    this.#acknowledgeSoon();
    this.#admit(false);
    this.#sayBye();
  }

  heard(frame: Frame): string | null {
    switch (frame.kind) {
      case "data":
        return this.#arrived(frame.number, frame.message);
      case "ack": {
        const wrong = this.#talk.acknowledged(frame.number);
        if (wrong !== null) return wrong;
        this.#pump();
        this.#admit(false);
        this.#sayBye();
        return null;
      }
      case "bye":
        this.#ended();
        return null;
      default:
        return `it sent a ${frame.kind} after its greeting`;
    }
  }

  parted(): void {
    this.#need();
  }

  unmet(): void {
    this.#talk.unmeet();
  }

  turnedDown(refusal: Refusal, byUs: boolean): void {
    // Then it knows that this end has left, or will never listen to it.
    this.#farewell.over();
    if (refusal === "taken") this.#talk.forsake();
    this.#untold = this.#denied(refusal, byUs);
    this.#deliver();
  }

  #arrived(number: number, message: Message): string | null {
    // Nobody will receive it, and the other end is about to hear so.
    if (this.#failure !== null) return null;
    const isNew = this.#talk.arrive(number);
    if (typeof isNew === "string") return isNew;
    if (!isNew) return null;
    this.#unread.push(message);
    this.#deliver();
    this.#keep();
    return null;
  }

  #ended(): void {
    this.#farewell.over();
    this.#byeDue = true;
    if (!this.#tells || this.#failure !== null) {
      this.#byeDue = false;
      this.#rendezvous.write(byeFrame());
      this.#rendezvous.part();
    }
    if (this.#failure !== null) return;
    const lost = this.#talk.end();
    const and =
      lost === 0 ? "" : `, and ${lost} ${lost === 1 ? "message" : "messages"} had not arrived there`;
    this.#untold = this.#disconnected(`the other end has closed the gate${and}`);
    this.#refuseSends(this.#untold);
    this.#deliver();
  }

  // --- in between

  #hand(frame: Buffer): Either<SessionError, void> {
    this.#talk.send(frame);
    this.#sent += 1;
    this.#pump();
    return done;
  }

  #pump(): void {
    if (!this.#rendezvous.inTouch) return this.#rendezvous.goOn();
    for (let frame = this.#talk.next(); frame !== null; frame = this.#talk.next())
      this.#rendezvous.write(frame);
  }

  /** Hands over sends that waited for room, as far as there is some, or all. */
  #admit(all: boolean): void {
    // What stands still for a capture does not move: whoever waits has not sent, in what it says and in truth.
    if (this.#suspended && !all) return;
    while (this.#waiting.length > 0) {
      if (!all && this.#talk.full) return;
      const { frame, answer } = this.#waiting.shift() as { frame: Buffer; answer: Answer<void> };
      answer(this.#hand(frame));
    }
  }

  #deliver(): void {
    if (this.#suspended) return;
    while (this.#receivers.length > 0 && this.#unread.length > 0) this.#receivers.give(this.#next());
    if (this.#receivers.length > 0 && this.#untold !== null) this.#receivers.refuse(this.#tell(this.#untold));
  }

  #next(): Message {
    if (this.#unread.full) this.#acknowledgeSoon();
    this.#received += 1;
    return this.#unread.shift() as Message;
  }

  /** The owner hears it once; then the gate begins anew, or tries again. */
  #tell(error: SessionError): SessionError {
    if (this.#failure !== null) return error;
    this.#untold = null;
    if (!this.#talk.over) return error;
    this.#talk = new Talk(this.#setting, null);
    this.#base = this.#received;
    if (this.#tells) {
      this.#begun = this.#talk.standing.self;
      this.#unnoted += 1;
    }
    return error;
  }

  /** What has arrived is in this end, and so in every image of it from now on. */
  #keep(): void {
    if (this.#suspended || this.#unsettled || this.#setting.acknowledge === "told") return;
    this.#talk.keep(this.#talk.arrived);
    this.#acknowledgeSoon();
  }

  /** Once for all that arrives in one pass of the event loop. */
  #acknowledgeSoon(): void {
    if (this.#acknowledging) return;
    this.#acknowledging = true;
    setImmediate(() => {
      this.#acknowledging = false;
      this.#acknowledge();
    });
  }

  #acknowledge(): void {
    if (this.#unread.full || !this.#rendezvous.inTouch) return;
    const number = this.#talk.due();
    if (number !== null) this.#rendezvous.write(ackFrame(number));
  }

  /** Somebody waits: there should be a connection, and where patience is bounded, soon. */
  #need(): void {
    if (this.#rendezvous.inTouch || this.#suspended || this.#failure !== null) return;
    if (this.#receivers.length + this.#waiting.length === 0) return;
    this.#rendezvous.goOn();
    this.#absence.begin();
  }

  #away(): SessionError {
    return this.#disconnected(`${this.#rendezvous.reason}, for ${this.#setting.patience} ms`);
  }

  #refuse(error: SessionError): void {
    this.#refuseSends(error);
    this.#receivers.refuse(error);
  }

  #refuseSends(error: SessionError): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift())
      next.answer(E.left(error));
  }

  #stale(): SessionError {
    const { epoch } = this.#talk.standing;
    const label = this.#setting.name;
    const error: SessionError = { tag: "Stale", service: "Gate", label, epoch, latest: 0, host: "" };
    this.#setting.stale(error);
    return error;
  }

  #disconnected(reason: string): SessionError {
    return { tag: "Disconnected", gate: this.#setting.name, reason };
  }

  #denied(refusal: Refusal, byUs: boolean): SessionError {
    if (refusal === "stale" && !byUs) return this.#stale();
    return {
      tag: "Denied",
      service: "Gate",
      label: this.#setting.name,
      reason: refusalText(refusal, byUs),
    };
  }
}
