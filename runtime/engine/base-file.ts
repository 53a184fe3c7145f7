// A base memory as a file, so that a process need not build it: and those of earlier releases, for what they froze.
//
//   cryonode base 1 HASH LF    sha256, in hexadecimal, of the header
//   HEADER LF                  JSON: what it was made of, its registers and anchors, and the memory's own hash
//   MEMORY                     as it is
import * as t from "io-ts";
import { ABI } from "../../lib/guest/abi.ts";
import { E, type Either } from "../../lib/fp.ts";
import { sha256 } from "../digest.ts";
import type { Base } from "./base.ts";

const MAGIC = "cryonode base 1 ";
const LINE_FEED = 10;
/** What a header takes at most, in bytes. */
const MOST_HEADER_BYTES = 4096;

const Header = t.type({
  /** sha256 of the engine's module, and of the guest library's text. */
  engine: t.string,
  library: t.string,
  abi: t.number,
  hash: t.string,
  bytes: t.number,
  registers: t.type({ stackPointer: t.number, runtime: t.number, context: t.number }),
  anchors: t.type({
    outbox: t.number,
    deliver: t.number,
    undefined: t.number,
    argv: t.number,
    boxes: t.number,
    length: t.number,
  }),
});
type Header = t.TypeOf<typeof Header>;

/** What a base was made of; both are sha256 in hexadecimal. */
export interface BaseOrigin {
  readonly engine: string;
  readonly library: string;
}

export interface BaseFile {
  readonly base: Base;
  readonly origin: BaseOrigin;
}

export const encodeBase = ({ memory, registers, anchors, hash }: Base, origin: BaseOrigin): Uint8Array => {
  const header: Header = { ...origin, abi: ABI, hash, bytes: memory.length, registers, anchors };
  const text = JSON.stringify(header);
  return Buffer.concat([Buffer.from(`${MAGIC}${sha256(text)}\n${text}\n`), memory]);
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** Every address lies in the memory. */
const sound = ({ bytes, registers, anchors }: Header): boolean =>
  [...Object.values(registers), ...Object.values(anchors)].every(
    (address) => Number.isSafeInteger(address) && address >= 0 && address < bytes,
  );

/** The base again, or what is wrong with its file. Its memory goes to where `into` says, so many bytes. */
export const decodeBase = (
  file: Uint8Array,
  into: (bytes: number) => Uint8Array = (bytes) => new Uint8Array(bytes),
): Either<string, BaseFile> => {
  const begin = MAGIC.length + 64 + 1;
  const end = file.indexOf(LINE_FEED, begin);
  if (Buffer.from(file.subarray(0, MAGIC.length)).toString() !== MAGIC || file[begin - 1] !== LINE_FEED)
    return E.left("it is no base memory of a format that is known");
  if (end < 0 || end - begin > MOST_HEADER_BYTES) return E.left("its header does not end");
  const text = Buffer.from(file.subarray(begin, end)).toString();
  if (sha256(text) !== Buffer.from(file.subarray(MAGIC.length, begin - 1)).toString())
    return E.left("its header is damaged");
  const header = Header.decode(parsed(text));
  if (E.isLeft(header) || !sound(header.right)) return E.left("its header is not one");
  const { engine, library, abi, hash, bytes, registers, anchors } = header.right;
  if (abi !== ABI) return E.left(`its library speaks version ${abi}, expected ${ABI}`);
  const content = file.subarray(end + 1);
  if (content.length !== bytes) return E.left(`${content.length} bytes of memory, expected ${bytes}`);
  if (sha256(content) !== hash) return E.left("its memory is damaged");
  const memory = into(bytes);
  memory.set(content);
  return E.right({ base: { memory, registers, anchors, hash }, origin: { engine, library } });
};
