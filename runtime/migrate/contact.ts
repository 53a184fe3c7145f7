// One connection that carries sessions between two hosts: messages out, each when all that it follows from is on stable
// storage here, and messages in. What is lost with it is said again over the next one.
import { E, type Either } from "../../lib/fp.ts";
import {
  decodeCarried,
  encodeCarried,
  MOST_CARRIED_BYTES,
  type CarriedMessage,
  type Expected,
} from "./carried-message.ts";
import type { Channel } from "./channel.ts";
import { MOST_BODY_BYTES } from "./frame.ts";
import type { MigrateError } from "./migrate-error.ts";

/** Bytes, about, that may wait to go out: a peer that takes up nothing is cut off. */
const MOST_WAITING_BYTES = 256 << 20;
/** What a message takes beside its parcel. */
const MESSAGE_BYTES = 256;

export interface ContactOptions {
  readonly channel: Channel;
  /** Whether this host has called. */
  readonly called: boolean;
  /** Resolves once all that was said here so far follows from what is on stable storage. */
  readonly settled: () => Promise<void>;
  /** False where the peer may not say that: the connection ends. */
  readonly heard: (message: CarriedMessage) => boolean;
}

const sizeOf = (message: CarriedMessage): number => {
  const parcel =
    message.kind === "call"
      ? message.parcel
      : message.kind === "reply" && E.isRight(message.answer)
        ? message.answer.right
        : null;
  if (parcel === null) return MESSAGE_BYTES;
  return parcel.bytes.reduce((sum, { length }) => sum + length, MESSAGE_BYTES + parcel.body.length);
};

export class Contact {
  /** Whom the other end wants to be told of, by identity. */
  readonly expected = new Map<string, Expected>();
  /** How often the other end has said whom, and this one. */
  #wished = 0;
  #asked = 0;
  /** Of whom only what answers this question of this end's, or a later one, is heard. */
  readonly #since = new Map<string, number>();
  readonly #options: ContactOptions;
  #outbox: CarriedMessage[] = [];
  #waitingBytes = 0;
  #sending = false;
  /** Messages that went out, and that came in. */
  #said = 0;
  #heard = 0;

  constructor(options: ContactOptions) {
    this.#options = options;
  }

  get called(): boolean {
    return this.#options.called;
  }

  /** How many `expects` of the other end's were heard. */
  get wished(): number {
    return this.#wished;
  }

  /** The other end says whom it wants to be told of, from now on. */
  wishes(children: readonly Expected[]): void {
    this.#wished++;
    this.expected.clear();
    for (const each of children) this.expected.set(each.identity, each);
  }

  /** Says whom this end wants to be told of, from now on. */
  expects(children: readonly Expected[]): void {
    this.#asked++;
    this.say({ kind: "expects", children: [...children] });
  }

  /** What is on its way of somebody was said before the other end knew who here has to do with it: it counts no more. */
  forgo(identity: string): void {
    this.#since.set(identity, this.#asked + 1);
  }

  /** Whether what is said of somebody answers a question of when that was known. */
  isCurrent(identity: string, answered: number): boolean {
    return answered >= (this.#since.get(identity) ?? 0);
  }

  say(message: CarriedMessage): void {
    if (this.#options.channel.failed !== null) return;
    this.#outbox.push(message);
    this.#waitingBytes += sizeOf(message);
    if (this.#waitingBytes > MOST_WAITING_BYTES) return this.cut();
    if (this.#sending) return;
    this.#sending = true;
    void this.#send();
  }

  async #send(): Promise<void> {
    const { channel, settled } = this.#options;
    while (this.#outbox.length > 0 && channel.failed === null) {
      // What the children say meanwhile goes with the next ones.
      const messages = this.#outbox;
      this.#outbox = [];
      await settled();
      for (const message of messages) {
        await this.#write(encodeCarried(message));
        this.#waitingBytes -= sizeOf(message);
      }
    }
    this.#sending = false;
  }

  async #write(encoded: Uint8Array): Promise<void> {
    const { channel } = this.#options;
    const total = encoded.length;
    const number = this.#said++;
    for (let at = 0; at < total; at += MOST_BODY_BYTES)
      await channel.send({ kind: "carried", number, total, at }, encoded.subarray(at, at + MOST_BODY_BYTES));
  }

  /** Hears the other end until the connection is over, and why. */
  async run(): Promise<MigrateError> {
    const { channel, heard } = this.#options;
    return channel.working(this.#run(channel, heard));
  }

  async #run(channel: Channel, heard: ContactOptions["heard"]): Promise<MigrateError> {
    for (;;) {
      const message = await this.#next();
      if (E.isLeft(message)) {
        if (message.left.tag === "Protocol") await channel.refuse(message.left);
        return message.left;
      }
      if (heard(message.right)) continue;
      const error: MigrateError = {
        tag: "Protocol",
        place: message.right.kind,
        expected: "what is this peer's to say",
        actual: "something else",
      };
      await channel.refuse(error);
      return error;
    }
  }

  async #next(): Promise<Either<MigrateError, CarriedMessage>> {
    const { channel } = this.#options;
    const protocol = (actual: string): Either<MigrateError, never> =>
      E.left({ tag: "Protocol", place: "carried", expected: "a message within its bounds", actual });
    const pieces: Uint8Array[] = [];
    let filled = 0;
    for (;;) {
      const piece = await channel.next(["carried"]);
      if (E.isLeft(piece)) return piece;
      const { number, total, at, body } = piece.right;
      const isNext = number === this.#heard && at === filled && body.length > 0;
      if (!isNext || filled + body.length > total || total > MOST_CARRIED_BYTES)
        return protocol(`a piece of message ${number}, ${total} bytes, at ${at}`);
      pieces.push(new Uint8Array(body));
      filled += body.length;
      if (filled < total) continue;
      this.#heard++;
      const message = decodeCarried(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
      return E.isLeft(message) ? protocol(message.left) : message;
    }
  }

  cut(): void {
    this.#options.channel.cut();
  }
}
