// The gate to an HTTP service: requests go out as messages, and their answers come back as messages, in order. It
// leads to one origin, and what it is sent can name a path there and nothing else.

import { readFileSync } from "node:fs";
import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import type { GateEnd, GateProvider, GateState } from "./gate-provider.ts";
import { HttpEnd } from "./http-end.ts";
import type { HttpSetting } from "./http-wire.ts";
import type { QueueBound } from "./message-queue.ts";
import { usualRetry, type Retry } from "./retry.ts";

export interface HttpOptions {
  /** The name routes and errors know the gate by. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** Whether the connection is encrypted, and the server has to prove its name. Default false. */
  readonly secure?: boolean;
  /** The file with the certificates of those who vouch for the server, in PEM, read at each opening: `Io` where it can't
   *  be. Default: those that the system trusts. */
  readonly ca?: string;
  /** Bytes of a message sent, and of the body of an answer that comes whole. Default 1 MiB. More is `TooLarge`. */
  readonly message?: number;
  /** Requests that wait and answers that are unread, taken together. Default 32, and 16 MiB. More is `QuotaExceeded`. */
  readonly bound?: QueueBound;
  /** ms for one exchange, the body of the answer included; in pieces, without any progress of theirs. Default 30,000. Past
   *  it, `Disconnected`. */
  readonly within?: number;
  /** Default: 5 tries, 50 ms pause, doubling up to 800 ms, 2 s to connect. */
  readonly retry?: Partial<Retry>;
  /** Whether its ends tell their `news`, and whoever has them asks for it. Default false. */
  readonly tells?: boolean;
}

/**
 * `open` does not connect. `send` takes a request, as `http-request.ts` has it, and answers when the peer has: then the
 * answer is there to be received. After `Disconnected` or `TooLarge` there is none. GET, HEAD, OPTIONS, PUT and DELETE
 * are tried again when the network fails; POST and PATCH only where nobody could be connected to.
 */
export const httpGate = (options: HttpOptions): GateProvider => new HttpGate(options);

const mebibyte = 1024 * 1024;

class HttpGate implements GateProvider {
  readonly name: string;
  readonly #ca: string | null;
  readonly #setting: HttpSetting;
  readonly #bound: QueueBound;
  readonly #ends = new Set<HttpEnd>();
  #closed = false;

  constructor(options: HttpOptions) {
    const { name, host, port, secure = false, ca = null, bound, retry } = options;
    const { message = mebibyte, within = 30_000, tells = false } = options;
    this.name = name;
    this.#ca = ca;
    this.#setting = {
      name,
      host,
      port,
      secure,
      ca: null,
      message,
      within,
      retry: { ...usualRetry, ...retry },
      tells,
    };
    this.#bound = bound ?? { messages: 32, bytes: 16 * mebibyte };
  }

  async open(state: GateState | null): Promise<Either<SessionError, GateEnd>> {
    if (this.#closed) return E.left({ tag: "Closed", what: `gate ${this.name}` });
    const ca = this.#ca === null ? E.right(null) : certificates(this.name, this.#ca);
    if (E.isLeft(ca)) return ca;
    const end = new HttpEnd({ ...this.#setting, ca: ca.right }, this.#bound, state, (released) =>
      this.#ends.delete(released),
    );
    this.#ends.add(end);
    return E.right(end);
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#ends) end.close();
  }
}

const certificates = (gate: string, path: string): Either<SessionError, string> => {
  try {
    return E.right(readFileSync(path, "utf8"));
  } catch (error) {
    const { code = "EIO" } = error as NodeJS.ErrnoException;
    return E.left({ tag: "Io", code, what: `gate ${gate}: reading the certificates at ${path}` });
  }
};
