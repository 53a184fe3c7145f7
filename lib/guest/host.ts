// The functions that the engine lends to the library. They are pure, or leave something for the turn's end;
// none of them has an effect outside the protection domain. They are taken from the global object before any
// component's code runs.

interface Host {
  /** The outbox, as a view on the linear memory. */
  readonly outbox: ArrayBuffer;
  /** Leaves a value beside the record that follows. `selector`: of the call whose one argument is this text. */
  attach(value: string | Uint8Array, selector?: number): void;
  /** Takes the outbox's records out, so that it can be filled again. */
  flush(): void;
  /** UTF-8 to text; malformed sequences become U+FFFD. */
  decode(bytes: Uint8Array): string;
  encode(text: string): Uint8Array;
  /** WHATWG URL parsing: `[href, base | null, property | null, value]` as JSON in, the URL's parts as JSON out,
   *  or "" where it is no URL. */
  url(request: string): string;
  /** Fills with entropy that is never the same in two incarnations. */
  entropy(into: Uint8Array): Uint8Array;
}

const lent = globalThis as unknown as { __host?: Host };

/** The functions, for the library's eyes only. */
export const host: Host = lent.__host as Host;
delete lent.__host;
