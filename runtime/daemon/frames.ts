// Frames of the control socket: one JSON text a line, of bounded length.
import type { Socket } from "node:net";

export interface FrameReader {
  /** A line, without its end. */
  readonly line: (text: string) => void;
  /** A line has become longer than allowed; nothing more is read. */
  readonly tooLong: () => void;
  /** The other side will say nothing more. What it had begun to say is lost. */
  readonly ended: () => void;
}

const NEWLINE = 10;

/** Reads lines of at most `most` bytes from a socket. */
export const readFrames = (socket: Socket, most: number, reader: FrameReader): void => {
  let parts: Buffer[] = [];
  let length = 0;
  let over = false;
  socket.on("data", (chunk: Buffer) => {
    let from = 0;
    while (!over) {
      const end = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, end === -1 ? chunk.length : end);
      length += part.length;
      if (length > most) {
        over = true;
        parts = [];
        return reader.tooLong();
      }
      parts.push(part);
      if (end === -1) return;
      const text = Buffer.concat(parts).toString();
      [parts, length, from] = [[], 0, end + 1];
      reader.line(text);
    }
  });
  socket.on("end", () => reader.ended());
};

/** A frame for the wire. */
export const frame = (value: unknown): string => `${JSON.stringify(value)}\n`;

/** How deep a value may be nested: what walks over it does so by recursion. */
const MOST_NESTING = 256;

const isTooDeep = (line: string): boolean => {
  let [depth, inText] = [0, false];
  for (let i = 0; i < line.length; i++) {
    const unit = line[i];
    if (inText) {
      if (unit === "\\") i++;
      else if (unit === '"') inText = false;
    } else if (unit === '"') inText = true;
    else if (unit === "[" || unit === "{") {
      if (++depth > MOST_NESTING) return true;
    } else if (unit === "]" || unit === "}") depth--;
  }
  return false;
};

/** The value of a line, or undefined: there is none in JSON, or it is nested too deeply. */
export const frameValue = (line: string): unknown => {
  if (isTooDeep(line)) return undefined;
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
};
