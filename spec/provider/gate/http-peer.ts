// A foreign HTTP server for specs: plain `node:http`, whose answers the spec writes.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A request as the server got it, whole. */
export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** The connection it came over. */
  readonly socket: Socket;
}

type Respond = (heard: Heard, response: ServerResponse) => void;

const bodyOf = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

export class HttpPeer {
  readonly heard: Heard[] = [];
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  private constructor(respond: Respond) {
    this.#server = createServer((request, response) => void this.#serve(request, response, respond));
  }

  /** On `port` of 127.0.0.1, by default one that is free. */
  static listen(respond: Respond, port = 0): Promise<HttpPeer> {
    const peer = new HttpPeer(respond);
    return new Promise((resolve, reject) => {
      peer.#server.once("error", reject);
      peer.#server.listen(port, "127.0.0.1", () => resolve(peer));
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when so many requests have come whole. */
  until(count: number): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.heard.length < count) return;
        this.#waiting.delete(check);
        resolve();
      };
      this.#waiting.add(check);
      check();
    });
  }

  /** Stops listening and breaks all connections. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse, respond: Respond): Promise<void> {
    const { method = "", url: path = "", headers, socket } = request;
    // A request that breaks off concerns nobody.
    const body = await bodyOf(request).catch(() => null);
    if (body === null) return;
    const heard: Heard = { method, path, headers, body, socket };
    this.heard.push(heard);
    for (const check of [...this.#waiting]) check();
    respond(heard, response);
  }
}
