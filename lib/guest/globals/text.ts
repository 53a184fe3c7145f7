// TextEncoder and TextDecoder, UTF-8 only. The runtime converts; what remains here is where a chunk ends.
import { host } from "../host.ts";

type Source = ArrayBuffer | ArrayBufferView;

const LABELS = ["utf-8", "utf8", "unicode-1-1-utf-8", "unicode11utf8", "unicode20utf8", "x-unicode20utf8"];
const BOM = "\uFEFF";
const REPLACEMENT = "\uFFFD";

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

export class TextEncoder {
  get encoding(): string {
    return "utf-8";
  }

  encode(text: unknown = ""): Uint8Array {
    // A lone surrogate has no UTF-8 form to reach the runtime in.
    return host.encode((String(text) as string & { toWellFormed(): string }).toWellFormed());
  }

  /** Encodes whole characters, as many as there is room for. `read` in UTF-16 units, `written` in bytes. */
  encodeInto(text: string, into: Uint8Array): { read: number; written: number } {
    const most = String(text).slice(0, into.length);
    const bytes = this.encode(most);
    if (bytes.length <= into.length) {
      into.set(bytes);
      return { read: most.length, written: bytes.length };
    }
    let end = into.length;
    while (isContinuation(bytes[end])) end--;
    const head = bytes.subarray(0, end);
    into.set(head);
    return { read: host.decode(head).length, written: end };
  }
}

const bytesOf = (source: Source): Uint8Array => {
  if (source instanceof Uint8Array) return source;
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  throw new TypeError("the input must be an ArrayBuffer or a view of one");
};

/** How many bytes at the end are the beginning of a character. */
const unfinished = (bytes: Uint8Array): number => {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
};

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
};

/** Whether `text` says exactly `bytes`. What decoded without a replacement does; the rest is compared. */
const faithful = (text: string, bytes: Uint8Array): boolean => {
  if (!text.includes(REPLACEMENT)) return true;
  const again = host.encode(text);
  return again.length === bytes.length && again.every((byte, at) => byte === bytes[at]);
};

const NOTHING = new Uint8Array(0);

export class TextDecoder {
  readonly encoding = "utf-8";
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  #held = NOTHING;
  #begun = false;

  constructor(label = "utf-8", options: { fatal?: boolean; ignoreBOM?: boolean } | null = {}) {
    if (!LABELS.includes(String(label).trim().toLowerCase()))
      throw new RangeError(`the encoding "${label}" is not supported, only utf-8`);
    this.fatal = Boolean(options?.fatal);
    this.ignoreBOM = Boolean(options?.ignoreBOM);
  }

  decode(source: Source = NOTHING, options: { stream?: boolean } | null = {}): string {
    const all = joined(this.#held, bytesOf(source));
    const end = options?.stream ? all.length - unfinished(all) : all.length;
    const bytes = end === all.length ? all : all.subarray(0, end);
    // Held bytes are a copy: the caller may use its buffer again.
    this.#held = end === all.length ? NOTHING : all.slice(end);
    const text = host.decode(bytes);
    const first = !this.#begun;
    this.#begun = options?.stream ? this.#begun || end > 0 : false;
    if (this.fatal && !faithful(text, bytes)) {
      this.#held = NOTHING;
      this.#begun = false;
      throw new TypeError("the bytes are not valid UTF-8");
    }
    return first && !this.ignoreBOM && text.startsWith(BOM) ? text.slice(1) : text;
  }
}
