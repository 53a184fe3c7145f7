// URLSearchParams: application/x-www-form-urlencoded, by itself or tied to a URL.
import { host } from "../host.ts";
import { custom, inspect } from "./inspect.ts";

type Pair = [name: string, value: string];

const wellFormed = (value: unknown): string =>
  (String(value) as string & { toWellFormed(): string }).toWellFormed();

const bytesOf = (escapes: string): Uint8Array =>
  Uint8Array.from(escapes.slice(1).split("%"), (hex) => Number.parseInt(hex, 16));

const unescaped = (escapes: string): string => {
  try {
    return decodeURIComponent(escapes);
  } catch {
    // Malformed UTF-8 is replaced, not refused.
    return host.decode(bytesOf(escapes));
  }
};

const decoded = (text: string): string => {
  const spaced = text.replaceAll("+", " ");
  return spaced.includes("%") ? spaced.replace(/(?:%[0-9a-f]{2})+/gi, unescaped) : spaced;
};

const SPECIAL: Readonly<Record<string, string>> = {
  "!": "%21",
  "'": "%27",
  "(": "%28",
  ")": "%29",
  "~": "%7E",
  "%20": "+",
};

const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()~]|%20/g, (found) => SPECIAL[found]!);

const parsed = (query: string): Pair[] =>
  query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const at = part.indexOf("=");
      return at < 0 ? [decoded(part), ""] : [decoded(part.slice(0, at)), decoded(part.slice(at + 1))];
    });

const pairsOf = (init: unknown): Pair[] => {
  if (init === undefined || init === null) return [];
  if (typeof init !== "object" && typeof init !== "function") {
    const text = wellFormed(init);
    return parsed(text.startsWith("?") ? text.slice(1) : text);
  }
  if (!(Symbol.iterator in init))
    return Object.entries(init).map(([name, value]) => [wellFormed(name), wellFormed(value)]);
  return [...(init as Iterable<Iterable<unknown>>)].map((item) => {
    const pair = [...item];
    if (pair.length !== 2) throw new TypeError("each query pair must be a [name, value] list");
    return [wellFormed(pair[0]), wellFormed(pair[1])];
  });
};

/** Ties `params` to a URL, which hears of every change. */
export let tie: (params: URLSearchParams, changed: (query: string) => void) => void;
/** Gives `params` a URL's new query, without telling the URL. */
export let refill: (params: URLSearchParams, query: string) => void;

export class URLSearchParams {
  #pairs: Pair[];
  #changed: ((query: string) => void) | undefined;

  static {
    tie = (params, changed) => {
      params.#changed = changed;
    };
    refill = (params, query) => {
      params.#pairs = parsed(query);
    };
  }

  constructor(init?: unknown) {
    this.#pairs = pairsOf(init);
  }

  get size(): number {
    return this.#pairs.length;
  }

  append(name: unknown, value: unknown): void {
    this.#pairs.push([wellFormed(name), wellFormed(value)]);
    this.#tell();
  }

  delete(name: unknown, value?: unknown): void {
    const matches = this.#matching(name, value);
    this.#pairs = this.#pairs.filter((pair) => !matches(pair));
    this.#tell();
  }

  get(name: unknown): string | null {
    return this.#pairs.find(this.#matching(name))?.[1] ?? null;
  }

  getAll(name: unknown): string[] {
    return this.#pairs.filter(this.#matching(name)).map((pair) => pair[1]);
  }

  has(name: unknown, value?: unknown): boolean {
    return this.#pairs.some(this.#matching(name, value));
  }

  /** Replaces the first pair of that name and drops the others; appends where there is none. */
  set(name: unknown, value: unknown): void {
    const matches = this.#matching(name);
    const first = this.#pairs.find(matches);
    if (first === undefined) return this.append(name, value);
    first[1] = wellFormed(value);
    this.#pairs = this.#pairs.filter((pair) => pair === first || !matches(pair));
    this.#tell();
  }

  /** By name, in the order of UTF-16 units; pairs of one name keep theirs. */
  sort(): void {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#tell();
  }

  forEach(callback: (value: string, name: string, params: this) => void, self?: unknown): void {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries(): Generator<Pair, void, void> {
    for (let at = 0; at < this.#pairs.length; at++) yield [...this.#pairs[at]!];
  }

  *keys(): Generator<string, void, void> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): Generator<string, void, void> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<Pair, void, void> {
    return this.entries();
  }

  toString(): string {
    return this.#pairs.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join("&");
  }

  [custom](): string {
    const pairs = this.#pairs.map((pair) => pair.map((each) => inspect(each)).join(" => "));
    return pairs.length === 0 ? "URLSearchParams {}" : `URLSearchParams { ${pairs.join(", ")} }`;
  }

  #matching(name: unknown, value?: unknown): (pair: Pair) => boolean {
    const wanted = wellFormed(name);
    if (value === undefined) return (pair) => pair[0] === wanted;
    const exact = wellFormed(value);
    return (pair) => pair[0] === wanted && pair[1] === exact;
  }

  #tell(): void {
    this.#changed?.(this.toString());
  }
}
