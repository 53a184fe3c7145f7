// The host's end of the control socket. Whoever gets this far is the host's owner, by the modes of directory and
// socket; what it says is checked all the same, and what is no request is refused and changes nothing.
import type { Socket } from "node:net";
import { E, type Either } from "../../lib/fp.ts";
import {
  MOST_REQUEST_BYTES,
  readRequest,
  refusal,
  type Answer,
  type Refusal,
  type Request,
} from "./control-protocol.ts";
import { frame, frameValue, readFrames } from "./frames.ts";

/** Connections at once; further ones are refused. */
const MOST_CONNECTIONS = 256;
/** How long a client may take to say what it wants, in ms. */
const REQUEST_MS = 10_000;
/** How long clients are waited for at the end, in ms. */
const LAST_MS = 1000;

/** Carries out a request. `tell` says what happens meanwhile; `gone` is aborted when nobody waits for the answer any
 *  more. It rejects by a bug only. */
export type Serve = (
  request: Request,
  tell: (event: unknown) => void,
  gone: AbortSignal,
) => Promise<Either<Refusal, unknown>>;

export class ControlServer {
  readonly #serve: Serve;
  readonly #open = new Set<Socket>();
  /** Requests that are being carried out. */
  readonly #pending = new Set<Promise<void>>();
  #closing = false;

  constructor(serve: Serve) {
    this.#serve = serve;
  }

  /** Serves a connection. */
  readonly connection = (socket: Socket): void => {
    // Who has gone hears nothing more, and the host is none the worse.
    socket.on("error", () => socket.destroy());
    if (this.#closing) return void socket.destroy();
    const answer = (what: Answer): void => {
      if (!socket.destroyed && !socket.writableEnded) socket.write(frame(what));
    };
    const refuse = (refused: Refusal): void => {
      answer({ refused });
      socket.end();
    };
    if (this.#open.size >= MOST_CONNECTIONS)
      return refuse(refusal("Busy", `${MOST_CONNECTIONS} commands are being carried out`, "state"));
    this.#open.add(socket);
    socket.on("close", () => this.#open.delete(socket));
    const late = setTimeout(
      () => refuse(refusal("Protocol", `no request came within ${REQUEST_MS} ms`, "input")),
      REQUEST_MS,
    );
    socket.on("close", () => clearTimeout(late));
    let asked = false;
    readFrames(socket, MOST_REQUEST_BYTES, {
      line: (line) => {
        // One request a connection; what follows it is not heard.
        if (asked) return;
        asked = true;
        clearTimeout(late);
        const request = readRequest(frameValue(line));
        if (E.isLeft(request)) return refuse(request.left);
        const gone = new AbortController();
        socket.on("close", () => gone.abort());
        const answered = this.#carryOut(request.right, answer, gone.signal).then((last) => {
          answer(last);
          socket.end();
          this.#pending.delete(answered);
        });
        this.#pending.add(answered);
      },
      tooLong: () => {
        asked = true;
        clearTimeout(late);
        refuse(refusal("Protocol", `a request has at most ${MOST_REQUEST_BYTES} bytes`, "input"));
        // It is not waited for to have said all of it.
        socket.once("finish", () => socket.destroy());
      },
      ended: () => {
        if (!asked) socket.end();
      },
    });
  };

  async #carryOut(request: Request, answer: (what: Answer) => void, gone: AbortSignal): Promise<Answer> {
    try {
      const done = await this.#serve(request, (told) => answer({ told }), gone);
      return E.isLeft(done) ? { refused: done.left } : { done: done.right };
    } catch (error) {
      // A bug, told to whoever met it. The children are none the worse, so the host goes on.
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { refused: refusal("Fault", reason, "fault") };
    }
  }

  /** Ends once everybody has been answered, or after a second: nobody holds the host up by not listening. */
  async close(): Promise<void> {
    this.#closing = true;
    const late = setTimeout(() => {
      for (const socket of this.#open) socket.destroy();
    }, LAST_MS);
    const closed = [...this.#open].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    await Promise.race([Promise.all(this.#pending), Promise.all(closed)]);
    for (const socket of this.#open) socket.end();
    await Promise.all(closed);
    clearTimeout(late);
  }
}
