// Servers that know nothing of Cryonode, and note what they are told.
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";

const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
};

/** Notes each number once, in the order in which each came first, and counts what came again. */
export class Notes {
  readonly heard: number[] = [];
  repeats = 0;
  readonly #known = new Set<number>();

  note(number: number): void {
    if (this.#known.has(number)) this.repeats++;
    else this.heard.push(number);
    this.#known.add(number);
  }
}

const NUMBERED = /^(?:say|tell) ([0-9]+)$/;
const numberOf = (text: string): number => Number(NUMBERED.exec(text)?.[1] ?? Number.NaN);

export interface ForeignServer {
  readonly port: number;
  close(): void;
}

/** Calls `line` with each line of text that comes over TCP. */
const lineServer = async (line: (text: string, socket: Socket) => void): Promise<ForeignServer> => {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    const lines = createInterface({ input: socket, crlfDelay: Infinity });
    lines.on("error", () => socket.destroy());
    lines.on("line", (text) => line(text, socket));
  });
  const port = await listening(server);
  return { port, close: () => void server.close() };
};

/** Confirms each number, however often it comes. `say 0` is noted nowhere. */
export const confirmingServer = (notes: Notes): Promise<ForeignServer> =>
  lineServer((text, socket) => {
    const number = numberOf(text);
    if (Number.isNaN(number)) return;
    if (number > 0) notes.note(number);
    socket.write(`ok ${number}\n`);
  });

/** Says nothing, and keeps every number as it comes. */
export const silentServer = (told: number[]): Promise<ForeignServer> =>
  lineServer((text) => {
    const number = numberOf(text);
    if (!Number.isNaN(number)) told.push(number);
  });

/** Over HTTP: notes what is posted, and confirms it, however often it comes. */
export const noteService = async (notes: Notes): Promise<ForeignServer> => {
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("error", () => {});
    request.on("end", () => {
      const number = numberOf(Buffer.concat(parts).toString());
      notes.note(number);
      response.end(`ok ${number}`);
    });
  });
  const port = await listening(server);
  return {
    port,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
