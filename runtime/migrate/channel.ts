// One connection of the command channel: messages out, messages in, and a bound on every wait. It knows neither roles
// nor TLS: whoever hands it a stream has made sure of who is at the other end.
import type { Duplex } from "node:stream";
import { E, type Either } from "../../lib/fp.ts";
import { FrameCutter, frameHead, type RawFrame } from "./frame.ts";
import { FrameRooms } from "./frame-rooms.ts";
import {
  decodeMessage,
  encodeMessage,
  PROTOCOL,
  type Message,
  type MessageKind,
  type MessageOf,
} from "./message.ts";
import type { MigrateError } from "./migrate-error.ts";

export interface ChannelOptions {
  /** What errors call the other end. */
  readonly peer: string;
  /** How long the other end may say nothing while it is waited for, in ms. Default 10 s. */
  readonly silence?: number;
}

/** How long the other end may say nothing while it is waited for, in ms. */
const SILENCE_MS = 10_000;
/** So many signs of life fit into that time. */
const BEATS = 4;
/** Messages that wait to be taken; beyond them nothing more is read from the stream. */
const MOST_WAITING = 16;

export type Heard<K extends MessageKind> = MessageOf<K> & { readonly body: Uint8Array };

interface Arrived {
  readonly message: Message;
  readonly body: Uint8Array;
}

export class Channel {
  readonly peer: string;
  readonly #stream: Duplex;
  readonly #silence: number;
  readonly #rooms = new FrameRooms();
  readonly #cutter = new FrameCutter((bytes, header) => this.#rooms.take(bytes, header));
  readonly #waiting: Arrived[] = [];
  #failed: MigrateError | null = null;
  #wake: (() => void) | null = null;
  /** Aborted: what is said waits for nobody. */
  readonly #hurried = new AbortController();
  #heard = 0;
  #sent = 0;
  #received = 0;

  constructor(stream: Duplex, { peer, silence = SILENCE_MS }: ChannelOptions) {
    this.peer = peer;
    this.#stream = stream;
    this.#silence = silence;
    stream.on("data", (arrived: Buffer) => this.#arrived(arrived));
    stream.on("error", (error: NodeJS.ErrnoException) =>
      this.#fail(`the link broke (${error.code ?? error.message})`),
    );
    stream.on("end", () => this.#fail("it ended the link"));
    stream.on("close", () => this.#fail("the link is gone"));
  }

  /** Bytes that went out and came in, frames included and TLS not. */
  get sent(): number {
    return this.#sent;
  }
  get received(): number {
    return this.#received;
  }
  /** Why nothing goes over it any more; null while something does. */
  get failed(): MigrateError | null {
    return this.#failed;
  }

  #fail(reason: string): void {
    this.#end({ tag: "Link", peer: this.peer, reason });
  }

  #end(error: MigrateError): void {
    this.#failed ??= error;
    if (!this.#stream.destroyed) this.#stream.destroy();
    this.#wake?.();
  }

  #arrived(arrived: Buffer): void {
    this.#received += arrived.length;
    this.#heard = performance.now();
    const frames = this.#cutter.push(arrived);
    if ("tag" in frames)
      return this.#end({
        tag: "Protocol",
        place: "a frame",
        expected: "lengths within bounds",
        actual: `${frames.header} and ${frames.body} bytes`,
      });
    for (const frame of frames) if (!this.#take(frame)) return;
    if (this.#waiting.length > MOST_WAITING) this.#stream.pause();
    this.#wake?.();
  }

  #take({ header, body }: RawFrame): boolean {
    const message = decodeMessage(header);
    if (E.isLeft(message)) {
      this.#end(message.left);
      return false;
    }
    if (message.right.kind !== "alive") this.#waiting.push({ message: message.right, body });
    return true;
  }

  /** Says something, the parts of its body one after another. Resolves when it may say more; what can't be said any more
   *  shows at the next `next`. A part of more than the stream's bound was taken up then, and may change; a smaller one must
   *  not. */
  async send(message: Message, ...body: readonly Uint8Array[]): Promise<void> {
    if (this.#failed !== null) return;
    const bytes = body.reduce((sum, { length }) => sum + length, 0);
    const head = frameHead(encodeMessage(message), bytes);
    this.#sent += head.length + bytes;
    const stream = this.#stream;
    if (bytes > 0) stream.cork();
    let goes = stream.write(head);
    for (const part of body) if (part.length > 0) goes = stream.write(part);
    if (bytes > 0) stream.uncork();
    if (!goes) await this.#drained();
  }

  /** What is said from now on waits for nobody: there is little more to say, and the other end may not be listening. */
  hurry(): void {
    this.#hurried.abort();
  }

  /** The other end takes up what it was sent; bounded like any wait. */
  #drained(): Promise<void> {
    const stream = this.#stream;
    const { signal } = this.#hurried;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(late);
        signal.removeEventListener("abort", settle);
        stream.off("drain", settle);
        stream.off("close", settle);
        resolve();
      };
      const late = setTimeout(() => {
        this.#fail(`it took up nothing for ${this.#silence} ms`);
        settle();
      }, this.#silence);
      stream.on("drain", settle);
      stream.on("close", settle);
      signal.addEventListener("abort", settle);
      if (stream.destroyed) settle();
    });
  }

  /** What the other end says next, which must be of one of these kinds. `signal` gives up waiting. The body of `chunks` is
   *  the caller's until it asks for what comes next. */
  async next<K extends MessageKind>(
    kinds: readonly K[],
    signal?: AbortSignal,
  ): Promise<Either<MigrateError, Heard<K>>> {
    this.#heard = performance.now();
    this.#rooms.free();
    while (this.#waiting.length === 0) {
      if (this.#failed !== null) return E.left(this.#failed);
      if (signal?.aborted === true) return E.left({ tag: "Aborted", phase: "waiting" });
      await this.#something(signal);
    }
    const { message, body } = this.#waiting.shift()!;
    if (this.#waiting.length <= MOST_WAITING / 2) this.#stream.resume();
    if (message.kind === "chunks") this.#rooms.lend(body);
    if ((kinds as readonly MessageKind[]).includes(message.kind))
      return E.right({ ...message, body } as Heard<K>);
    if (message.kind === "abandon")
      return E.left({ tag: "Refused", peer: this.peer, name: "abandon", reason: message.reason });
    if (message.kind === "refused")
      return E.left({ tag: "Refused", peer: this.peer, name: message.name, reason: message.reason });
    const error: MigrateError = {
      tag: "Protocol",
      place: `what ${this.peer} says`,
      expected: kinds.join(" or "),
      actual: message.kind,
    };
    this.#end(error);
    return E.left(error);
  }

  /** Whether something waits to be taken. */
  get hasNext(): boolean {
    return this.#waiting.length > 0 || this.#failed !== null;
  }

  /** Until something arrives, or nothing has for too long. */
  #something(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(late);
        signal?.removeEventListener("abort", settle);
        this.#wake = null;
        resolve();
      };
      const check = (): void => {
        const left = this.#heard + this.#silence - performance.now();
        if (left > 0) late = setTimeout(check, left);
        else this.#fail(`nothing came for ${this.#silence} ms`);
      };
      let late = setTimeout(check, this.#silence);
      signal?.addEventListener("abort", settle);
      this.#wake = settle;
    });
  }

  /** Shows signs of life while something takes its time. */
  async working<T>(work: Promise<T>): Promise<T> {
    const beat = setInterval(() => void this.send({ kind: "alive" }), this.#silence / BEATS);
    try {
      return await work;
    } finally {
      clearInterval(beat);
    }
  }

  /** Says who is here, and hears who is there. `signal` gives up waiting. */
  async greet(host: string, signal?: AbortSignal): Promise<Either<MigrateError, string>> {
    await this.send({ kind: "hello", cryonode: PROTOCOL, host });
    const hello = await this.next(["hello"], signal);
    if (E.isLeft(hello)) return hello;
    if (hello.right.cryonode === PROTOCOL) return E.right(hello.right.host);
    return this.refuse({
      tag: "Protocol",
      place: "hello",
      expected: `version ${PROTOCOL} of the protocol`,
      actual: `version ${hello.right.cryonode}`,
    });
  }

  /** Tells the other end why it goes no further, and ends. */
  async refuse(error: MigrateError): Promise<Either<MigrateError, never>> {
    const reason =
      error.tag === "Protocol" ? `${error.place}: found ${error.actual}, expected ${error.expected}` : "";
    await this.send({ kind: "refused", name: error.tag, reason: reason.slice(0, 1000) });
    this.close();
    return E.left(error);
  }

  /** Ends it; what was sent still goes out. */
  close(): void {
    this.#failed ??= { tag: "Link", peer: this.peer, reason: "it was closed" };
    this.#stream.end();
    const { destroy } = { destroy: () => void this.#stream.destroy() };
    this.#stream.once("finish", destroy);
    setTimeout(destroy, this.#silence).unref();
    this.#wake?.();
  }

  /** Ends it at once. */
  cut(): void {
    this.#fail("it was cut");
  }
}
