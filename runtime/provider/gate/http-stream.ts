// One request whose body, or whose answer's body, goes in pieces: no more of either is held than what waits to be taken.

import type { ClientRequest, IncomingMessage } from "node:http";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { Message } from "./gate-provider.ts";
import { collect, late } from "./http-exchange.ts";
import { headOf, type HttpRequest } from "./http-request.ts";
import { openRequest, type Connections, type Failure, type HttpSetting } from "./http-wire.ts";
import { byteLength } from "./message-queue.ts";
import { placeText } from "./place.ts";

/** Where what comes back is put. */
export interface Inbox {
  /** Whether no more is to be read for now. */
  readonly full: boolean;
  put(message: Message): void;
  /** The body broke off. */
  broken(error: SessionError): void;
}

export type Began = { readonly kind: "connected" } | Failure;
/** That the answer, or its head where the rest follows in pieces, has been put into the inbox. */
export type Answered = { readonly kind: "answered" } | Failure;

export class HttpStream {
  readonly #setting: HttpSetting;
  readonly #request: HttpRequest;
  readonly #inbox: Inbox;
  readonly #sent: ClientRequest;
  #response: IncomingMessage | null = null;
  #began!: (began: Began) => void;
  #settle!: (answered: Answered) => void;
  #settled: Answered | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** Told when the piece on its way was taken, or nobody will take it. */
  #taken: (() => void) | null = null;
  /** Whether anything may still come. */
  #open = true;
  /** Bytes of the request's body that were taken, and of the answer's body that have come. */
  #written = 0;
  #read = 0;
  readonly began: Promise<Began>;
  readonly answered: Promise<Answered>;

  constructor(setting: HttpSetting, request: HttpRequest, connections: Connections, inbox: Inbox) {
    this.#setting = setting;
    this.#request = request;
    this.#inbox = inbox;
    this.began = new Promise((began) => (this.#began = began));
    this.answered = new Promise((answered) => {
      this.#settle = (answer) => {
        this.#settled ??= answer;
        answered(answer);
      };
    });
    this.#sent = openRequest(setting, request, connections, {
      connected: () => this.#began({ kind: "connected" }),
      failed: (code, reached) => this.#fail({ kind: "failed", code, reached }),
      answered: (response) => this.#answer(response),
    });
    this.#sent.flushHeaders();
    if (request.upload === null) this.end();
  }

  /** Whether something may still come: pieces of the answer. */
  get open(): boolean {
    return this.#open;
  }

  /** One at a time. Answers when the connection has taken it; one that comes after a whole answer is nobody's concern. */
  piece(message: Message): Promise<Either<SessionError, void>> {
    const taken: Either<SessionError, void> = E.right(undefined);
    if (!this.#open && this.#settled?.kind === "answered") return Promise.resolve(taken);
    this.#written += byteLength(message);
    const wrong = this.#mislaid(false);
    if (wrong !== null || !this.#open) return Promise.resolve(E.left(wrong ?? this.#lost()));
    return new Promise((answer) => {
      this.#progress();
      this.#taken = () => {
        this.#taken = null;
        clearTimeout(this.#timer);
        answer(this.#settled === null || this.#settled.kind === "answered" ? taken : E.left(this.#lost()));
      };
      this.#sent.write(message, () => this.#taken?.());
    });
  }

  /** The request is whole; now for its answer. */
  end(): SessionError | null {
    if (!this.#open) return null;
    const wrong = this.#mislaid(true);
    if (wrong !== null) return wrong;
    this.#progress();
    this.#sent.end();
    return null;
  }

  /** Why the body can't be what its head promised. */
  #mislaid(whole: boolean): SessionError | null {
    const { upload } = this.#request;
    if (typeof upload !== "number" || (whole ? this.#written === upload : this.#written <= upload))
      return null;
    const expected = `${upload} bytes in all, as the request said`;
    return {
      tag: "InvalidArgument",
      method: "send",
      place: "message",
      expected,
      actual: String(this.#written),
    };
  }

  /** There is room in the inbox again. */
  proceed(): void {
    if (this.#response?.isPaused() !== true || this.#inbox.full) return;
    this.#progress();
    this.#response.resume();
  }

  destroy(): void {
    this.#fail({ kind: "failed", code: "aborted", reached: true });
    this.#open = false;
    clearTimeout(this.#timer);
    this.#sent.destroy();
  }

  #progress(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#stall(), this.#setting.within);
  }

  #stall(): void {
    if (this.#settled === null) this.#fail(late(this.#setting));
    else this.#break(`nothing came for ${this.#setting.within} ms`);
    this.#sent.destroy();
  }

  #answer(response: IncomingMessage): void {
    this.#began({ kind: "connected" });
    if (!this.#open) return;
    this.#response = response;
    const { name } = this.#setting;
    if (!this.#request.download) {
      const fail = (failure: Failure): void => {
        this.#fail(failure);
        this.#sent.destroy();
      };
      return collect(this.#setting, this.#request, response, fail, (outcome) => {
        if (outcome.kind !== "answered") return this.#fail(outcome);
        this.#inbox.put(outcome.message);
        this.#finish({ kind: "answered" });
      });
    }
    this.#inbox.put(headOf(response.statusCode as number, response.headers));
    this.#settle({ kind: "answered" });
    this.#progress();
    response.on("data", (chunk: Buffer) => this.#take(chunk));
    response.on("end", () => {
      if (!this.#open) return;
      this.#finish({ kind: "answered" });
      this.#inbox.put(new Uint8Array(0));
    });
    response.on("error", (error: NodeJS.ErrnoException) => this.#break(error.code ?? error.message));
    response.on("close", () => this.#break(`gate ${name} lost the connection`));
  }

  #take(chunk: Buffer): void {
    if (!this.#open) return;
    this.#read += chunk.byteLength;
    // A copy: the chunk is a part of a larger buffer.
    if (chunk.byteLength > 0) this.#inbox.put(new Uint8Array(chunk));
    if (!this.#inbox.full) return this.#progress();
    clearTimeout(this.#timer);
    this.#response?.pause();
  }

  #finish(answered: Answered): void {
    this.#open = false;
    clearTimeout(this.#timer);
    this.#settle(answered);
    this.#taken?.();
  }

  #fail(failure: Failure): void {
    if (this.#settled !== null) return;
    this.#began(failure);
    this.#finish(failure);
  }

  #break(why: string): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#timer);
    this.#taken?.();
    this.#inbox.broken(this.brokenOff(why));
  }

  /** What the component hears of a body that is no longer there to come. */
  brokenOff(why: string): SessionError {
    const { method, path } = this.#request;
    const { name } = this.#setting;
    const reason = `the answer to ${method} ${path} broke off after ${this.#read} bytes: ${why}`;
    return { tag: "Disconnected", gate: name, reason };
  }

  #lost(): SessionError {
    const settled = this.#settled;
    const lost: Failure = { kind: "failed", code: "ECONNRESET", reached: true };
    return this.failure(settled === null || settled.kind === "answered" ? lost : settled);
  }

  /** How it ends for the component when a request that was begun has no answer. */
  failure(failure: Failure): SessionError {
    if (failure.kind === "refused") return failure.error;
    const { name } = this.#setting;
    const { code } = failure;
    const reason = `${code} ${placeText(this.#setting)}, with the request begun; whether it was carried out is unknown`;
    return { tag: "Disconnected", gate: name, reason };
  }
}
