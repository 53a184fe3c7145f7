// The last report of each name, in the store of a durable host: whoever reads it as a ROM finds it there after a crash,
// for it is published when it is kept, and only then.
import { E, type Either } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { Answer } from "../core/service.ts";
import type { Store } from "../durable/store/store.ts";
import type { StoreError } from "../durable/store/store-error.ts";

const PREFIX = "report/";

const unkept = (name: string, error: StoreError): SessionError => {
  const what = `the report ${name}`;
  if (error.tag === "NoSpace") return { tag: "NoSpace", path: what };
  if (error.tag === "TooLarge") return { tag: "TooLarge", what, bytes: error.size, limit: error.limit };
  return { tag: "Io", code: error.tag === "Io" ? error.code : "EIO", what };
};

export class KeptReports {
  /** What former hosts had published, by name. */
  readonly content: ReadonlyMap<string, Uint8Array>;
  readonly #store: Store;

  private constructor(store: Store, content: ReadonlyMap<string, Uint8Array>) {
    this.#store = store;
    this.content = content;
  }

  static async open(store: Store): Promise<Either<StoreError, KeptReports>> {
    const content = new Map<string, Uint8Array>();
    let after: string | null = null;
    do {
      const found: Awaited<ReturnType<Store["entries"]>> = await store.entries(PREFIX, { after });
      if (E.isLeft(found)) return found;
      for (const [key, value] of found.right.items) content.set(key.slice(PREFIX.length), value);
      after = found.right.next;
    } while (after !== null);
    return E.right(new KeptReports(store, content));
  }

  /** Those of these names: what nobody publishes any more is not what its ROM says. */
  only(isPublished: (name: string) => boolean): KeptReports {
    return new KeptReports(this.#store, new Map([...this.content].filter(([name]) => isPublished(name))));
  }

  /** Resolves when it would survive a crash. */
  async keep(name: string, content: Uint8Array): Promise<Answer<void>> {
    const done = await this.#store.commit({ set: new Map([[`${PREFIX}${name}`, content]]) });
    return E.isLeft(done) ? E.left(unkept(name, done.left)) : E.right(undefined);
  }
}
