// A server that knows nothing of Cryonode: it notes what it is told, once, by the number in the message, and confirms
// it each time.
import { createServer, type AddressInfo, type Server } from "node:net";
import { createInterface } from "node:readline";

export class ForeignServer {
  /** The numbers in the order in which each came first. */
  readonly heard: number[] = [];
  /** How often something came that had come before. */
  repeats = 0;
  readonly #server: Server;
  readonly #known = new Set<number>();

  private constructor() {
    this.#server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      const lines = createInterface({ input: socket, crlfDelay: Infinity });
      lines.on("error", () => socket.destroy());
      lines.on("line", (text) => {
        const number = Number(/^say ([0-9]+)$/.exec(text)?.[1] ?? Number.NaN);
        if (Number.isNaN(number)) return;
        if (this.#known.has(number)) this.repeats++;
        else this.heard.push(number);
        this.#known.add(number);
        socket.write(`ok ${number}\n`);
      });
    });
  }

  static async listen(): Promise<ForeignServer> {
    const made = new ForeignServer();
    await new Promise<void>((resolve) => made.#server.listen(0, "127.0.0.1", resolve));
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
  }
}
