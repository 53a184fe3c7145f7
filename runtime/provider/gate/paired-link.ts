// One connection to another Cryonode end: its frames, its greeting, and a watch over its silence. A peer that vanished
// without a word, as behind a cut cable, is noticed because both ends speak at least every few seconds.

import type { Connection } from "./dial.ts";
import { refusalOf, type Standing } from "./conversation.ts";
import type { QueueBound } from "./message-queue.ts";
import type { Hello, Refusal } from "./hello.ts";
import { ackFrame, FrameReader, helloFrame, readyFrame, refuseFrame, type Frame } from "./paired-wire.ts";
import { StreamLink, type LinkOwner } from "./stream-link.ts";

export interface LinkSetting {
  readonly gate: string;
  /** Bytes of one message. */
  readonly message: number;
  /** What the other end may send before it is acknowledged. */
  readonly window: QueueBound;
  /** ms for a greeting. */
  readonly patience: number;
  /** ms between signs of life; after four of them without any from the other side, the connection is given up. */
  readonly pulse: number;
}

/** How a greeting came out. */
export type Greeting =
  | { readonly kind: "met"; readonly hello: Hello }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly byUs: boolean }
  | { readonly kind: "failed"; readonly reason: string };

/** What the end behind a link hears of it. */
export interface LinkEnd {
  /** How it stands now. */
  readonly standing: Standing;
  /** Why nobody can be talked to now, although the greeting was right. */
  readonly busy: boolean;
  /** Whether the other end may keep who this one is. Where it may not yet, the one that calls agrees later. */
  readonly noticed: boolean;
  /** Once, before all else. After `met` frames follow; after anything else, nothing. */
  greeted(link: PairedLink, greeting: Greeting): void;
  /** A frame after the greeting; answers why it can't be, or null. */
  heard(link: PairedLink, frame: Frame): string | null;
  /** The other end has met somebody else between its greeting and ours. Nothing follows. */
  turnedAway(refusal: Refusal): void;
  /** The last number that was acknowledged: a sign of life says it again. */
  said(): number;
  /** The connection is gone. Once; not after `part` or `destroy`. */
  lost(reason: string): void;
}

/** Signs of life that may fail to come. */
const missed = 4;

export class PairedLink implements LinkOwner {
  readonly #setting: LinkSetting;
  readonly #link: StreamLink;
  readonly #end: LinkEnd;
  readonly #reader: FrameReader;
  readonly #calls: boolean;
  #stage: "calling" | "called" | "agreeing" | "met" | "over";
  /** The other's hello, between it and their agreement to ours. */
  #hello: Hello | null = null;
  /** The other end is still to hear that its greeting was right. */
  #agrees = false;
  #heard = performance.now();
  #timer: NodeJS.Timeout;

  /** `calls`: whether it was us who connected. */
  constructor(setting: LinkSetting, connection: Connection, calls: boolean, end: LinkEnd) {
    this.#setting = setting;
    this.#end = end;
    this.#calls = calls;
    this.#stage = calls ? "calling" : "called";
    this.#reader = new FrameReader(setting.message);
    this.#link = new StreamLink(setting.gate, connection, this);
    this.#timer = setTimeout(() => this.#fail("it did not greet in time"), setting.patience);
    if (calls) this.write(this.#ours());
  }

  write(frame: Buffer): void {
    void this.#link.write(frame);
  }

  /** Sends what was written, and ends. */
  part(): Promise<void> {
    this.#finish();
    return this.#link.part();
  }

  destroy(reason: string): void {
    this.#finish();
    this.#link.destroy(reason);
  }

  arrived(chunk: Uint8Array): void {
    this.#heard = performance.now();
    const wrong = this.#reader.push(chunk, (frame) => this.#take(frame));
    if (wrong === null || this.#stage === "over") return;
    if (this.#stage === "met") this.#lose(wrong);
    else this.#fail(wrong);
  }

  flushed(): void {}

  ended(reason: string): void {
    this.lost(reason);
    void this.#link.part();
  }

  lost(reason: string): void {
    if (this.#stage === "over") return;
    const met = this.#stage === "met";
    this.#finish();
    if (met) this.#end.lost(reason);
    else this.#end.greeted(this, { kind: "failed", reason });
  }

  #ours(): Buffer {
    const { message, window } = this.#setting;
    return helloFrame({ ...this.#end.standing, message, window });
  }

  #take(frame: Frame): string | null {
    switch (this.#stage) {
      case "met":
        if (frame.kind !== "refuse") return this.#end.heard(this, frame);
        this.#finish();
        void this.#link.part();
        this.#end.turnedAway(frame.refusal);
        return null;
      case "calling":
      case "called":
        return this.#greeting(frame);
      case "agreeing":
        if (frame.kind === "ready" && this.#hello !== null) this.#agreed(this.#hello);
        else if (frame.kind === "refuse") this.#refused(frame.refusal, false);
        else return "it did not agree to our greeting";
        return null;
      case "over":
        return "it is over";
    }
  }

  #greeting(frame: Frame): string | null {
    if (frame.kind === "refuse" && this.#calls) this.#refused(frame.refusal, false);
    else if (frame.kind === "strange") this.#refuse("version");
    else if (frame.kind === "hello") this.#judge(frame.hello);
    else return "it did not greet";
    return null;
  }

  #refusalOf(hello: Hello): Refusal | null {
    const { busy, standing, noticed } = this.#end;
    if (!noticed && !this.#calls) return "busy";
    // The end of a conversation that is over need not wait until that was told.
    if (busy && hello.self !== standing.peer) return "busy";
    return busy ? "taken" : refusalOf(standing, this.#setting.message, hello);
  }

  #judge(hello: Hello): void {
    const refusal = this.#refusalOf(hello);
    if (refusal !== null) return this.#refuse(refusal);
    if (this.#calls) {
      this.#agrees = true;
      if (this.#end.noticed) this.agree();
      return this.#meet(hello);
    }
    this.#hello = hello;
    this.#stage = "agreeing";
    this.write(this.#ours());
  }

  /** Who this end is may be kept. */
  agree(): void {
    if (!this.#agrees) return;
    this.#agrees = false;
    this.write(readyFrame());
  }

  /** Others may have greeted meanwhile. */
  #agreed(hello: Hello): void {
    const refusal = this.#refusalOf(hello);
    if (refusal === null) this.#meet(hello);
    else this.#refuse(refusal);
  }

  #meet(hello: Hello): void {
    this.#stage = "met";
    clearTimeout(this.#timer);
    this.#timer = setInterval(() => this.#beat(), this.#setting.pulse);
    this.#end.greeted(this, { kind: "met", hello });
  }

  #beat(): void {
    if (performance.now() - this.#heard > missed * this.#setting.pulse)
      this.#lose(`nothing was heard of it for ${missed * this.#setting.pulse} ms`);
    else this.write(ackFrame(this.#end.said()));
  }

  #refuse(refusal: Refusal): void {
    this.write(refuseFrame(refusal));
    this.#refused(refusal, true);
  }

  #refused(refusal: Refusal, byUs: boolean): void {
    this.#finish();
    void this.#link.part();
    this.#end.greeted(this, { kind: "refused", refusal, byUs });
  }

  #fail(reason: string): void {
    this.destroy(reason);
    this.#end.greeted(this, { kind: "failed", reason });
  }

  #lose(reason: string): void {
    this.destroy(reason);
    this.#end.lost(reason);
  }

  #finish(): void {
    this.#stage = "over";
    clearTimeout(this.#timer);
  }
}
