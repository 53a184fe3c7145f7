// URL. The runtime parses; an instance keeps the parts it was told.
import { host } from "../host.ts";
import { custom, inspect } from "./inspect.ts";
import { refill, tie, URLSearchParams } from "./url-search-params.ts";

interface Parts {
  readonly href: string;
  readonly origin: string;
  readonly protocol: string;
  readonly username: string;
  readonly password: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: string;
  readonly pathname: string;
  readonly search: string;
  readonly hash: string;
}

const ask = (
  href: string,
  base: string | null,
  property: string | null,
  value: string | null,
): Parts | undefined => {
  const answer = host.url(JSON.stringify([href, base, property, value]));
  return answer === "" ? undefined : (JSON.parse(answer) as Parts);
};

const parse = (url: unknown, base: unknown): Parts | undefined =>
  ask(String(url), base === undefined ? null : String(base), null, null);

const parsed = (url: unknown, base?: unknown): Parts => {
  const parts = parse(url, base);
  if (parts === undefined) throw new TypeError(`Invalid URL: ${String(url)}`);
  return parts;
};

export class URL {
  #parts: Parts;
  #params: URLSearchParams | undefined;

  /** Throws `TypeError` where `url`, resolved against `base`, is no URL. */
  constructor(url: unknown, base?: unknown) {
    this.#parts = parsed(url, base);
  }

  static canParse(url: unknown, base?: unknown): boolean {
    return parse(url, base) !== undefined;
  }

  static parse(url: unknown, base?: unknown): URL | null {
    return URL.canParse(url, base) ? new URL(url, base) : null;
  }

  get href(): string {
    return this.#parts.href;
  }
  set href(value: unknown) {
    this.#adopt(parsed(value));
  }

  get origin(): string {
    return this.#parts.origin;
  }

  get searchParams(): URLSearchParams {
    if (this.#params === undefined) {
      this.#params = new URLSearchParams(this.#parts.search);
      tie(this.#params, (query) => {
        this.#parts = ask(this.href, null, "search", query) ?? this.#parts;
      });
    }
    return this.#params;
  }

  toString(): string {
    return this.href;
  }

  toJSON(): string {
    return this.href;
  }

  [custom](depth: number): string {
    return `URL ${inspect({ ...this.#parts }, depth)}`;
  }

  #adopt(parts: Parts): void {
    this.#parts = parts;
    if (this.#params !== undefined) refill(this.#params, parts.search.slice(1));
  }

  static {
    const properties = [
      "protocol",
      "username",
      "password",
      "host",
      "hostname",
      "port",
      "pathname",
      "search",
      "hash",
    ];
    for (const name of properties as (keyof Parts)[])
      Object.defineProperty(this.prototype, name, {
        get(this: URL) {
          return this.#parts[name];
        },
        /** A value that the URL can't have is ignored. */
        set(this: URL, value: unknown) {
          this.#adopt(ask(this.href, null, name, String(value)) ?? this.#parts);
        },
        enumerable: true,
        configurable: true,
      });
  }
}
