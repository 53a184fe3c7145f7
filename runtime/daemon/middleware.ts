// The middleware: plays the side that is not there. It puts a child into a file, as a copy or given up for good, and
// takes one in from there; to the child it makes no difference how long it lies, or who carries it.
import { unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { deflate } from "../deflate.ts";
import { decodeBase } from "../engine/base-file.ts";
import { baseFileName } from "../engine/base-library.ts";
import { claim } from "../host/claims.ts";
import type { Frozen } from "../host/frozen.ts";
import type { HostConfig } from "../host/host-config.ts";
import type { Runtime } from "../host/runtime.ts";
import { disk } from "../image/disk.ts";
import {
  envelop,
  isEnvelope,
  openEnvelope,
  type CarriedBase,
  type EnvelopeFacts,
} from "../image/envelope.ts";
import { malformed, type ImageError } from "../image/image-error.ts";
import { openImage, type SealedImage } from "../image/open-image.ts";
import { parsePublicKey, type PublicKey } from "../image/public-key.ts";
import { readImage } from "../image/read-image.ts";
import { writeImage } from "../image/write-image.ts";
import type { Keeper } from "../host/keeper.ts";
import type { DurableError } from "./durable-error.ts";
import type { ExportOrder } from "./durable-host.ts";
import type { EntryBook } from "./entry-book.ts";
import { UNBORN, type EntryRecord } from "./entry-record.ts";
import { unclaim } from "./image-copy.ts";
import type { KeptLives, Done } from "./kept-lives.ts";
import type { StateFolder } from "./state-folder.ts";
import type { Stranded } from "./stranded.ts";

export interface MiddlewareOptions {
  readonly runtime: Runtime;
  readonly host: HostConfig;
  readonly folder: StateFolder;
  readonly keeper: Keeper;
  readonly book: EntryBook;
  readonly lives: KeptLives;
  readonly stranded: Stranded;
}

/** A file that may be taken in: nothing has changed yet. */
export interface Incoming {
  readonly file: string;
  readonly child: SealedImage["manifest"]["children"][number];
  readonly sealed: SealedImage;
  readonly image: Uint8Array;
  readonly bases: readonly CarriedBase[];
  /** Of the envelope; null where the file is an image. */
  readonly facts: EnvelopeFacts | null;
}

const imageFailed = (path: string, error: ImageError): Either<DurableError, never> =>
  E.left({ tag: "Host", error: { tag: "Image", path, error } });

/** Whose a file shall be, once the defaults of the host's file are filled in. */
interface Terms {
  readonly to: PublicKey | null;
  readonly sealFor: PublicKey | null;
}

export class Middleware {
  readonly #options: MiddlewareOptions;

  constructor(options: MiddlewareOptions) {
    this.#options = options;
  }

  get #own(): PublicKey {
    return this.#options.runtime.signer.publicKey;
  }

  // --- out

  /** Puts a child that runs or is frozen into a file. On `Left` it is as it was. */
  async export(child: string, order: ExportOrder): Promise<Done> {
    const terms = this.#terms(child, order);
    if (E.isLeft(terms)) return terms;
    const done = await (order.move
      ? this.#give(child, order, terms.right)
      : this.#copy(child, order, terms.right));
    if (E.isLeft(done)) return done;
    const to = order.move ? { to: terms.right.to } : {};
    const event = { event: "exported", child, image: order.file, ...done.right, ...to } as const;
    this.#options.lives.emit(event);
    return E.right(event);
  }

  #terms(child: string, { move, to, encrypt }: ExportOrder): Either<DurableError, Terms> {
    const refused = (reason: string): Either<DurableError, never> => E.left({ tag: "Export", child, reason });
    const keys: Record<"to" | "encrypt" | "byDefault", PublicKey | null> = {
      ...{ to: null, encrypt: null, byDefault: null },
    };
    const { encrypt: byDefault = null } = this.#options.host;
    for (const [name, text] of [
      ["to", to],
      ["encrypt", encrypt],
      ["byDefault", byDefault],
    ] as const) {
      if (text === null) continue;
      const key = parsePublicKey(text);
      if (E.isLeft(key))
        return refused(`${text} is no public key; expected ed25519:…, as \`cryonode key\` prints it`);
      keys[name] = key.right;
    }
    if (!move && keys.to !== null)
      return refused("a copy is nobody's: --to says whose it is once it is given up, with --move");
    // What is given to somebody is sealed for nobody else.
    const sealFor = keys.encrypt ?? (keys.byDefault === null ? null : (keys.to ?? keys.byDefault));
    if (!move) return E.right({ to: null, sealFor });
    const whose = keys.to ?? sealFor ?? this.#own;
    if (sealFor !== null && sealFor !== whose)
      return refused(`sealed for ${sealFor}, ${whose} could not open what it is given`);
    return E.right({ to: whose, sealFor });
  }

  async #copy(
    child: string,
    { file, whole }: ExportOrder,
    terms: Terms,
  ): Promise<Either<DurableError, Copied>> {
    const { lives, folder } = this.#options;
    const isPlain = !whole && terms.sealFor === null;
    const isAlive = lives.alive(child) !== null;
    if (!isAlive) return this.#fromFrozen(child, file, whole, isPlain ? null : terms);
    const image = isPlain ? file : join(dirname(folder.image(child)), `.${child}.copy`);
    const made = await lives.quietly(child, () => lives.live.checkpoint([child], { image }));
    if (E.isLeft(made)) return E.left({ tag: "Host", error: made.left });
    const [{ generation, bytes }] = made.right as readonly [Frozen];
    if (isPlain) return E.right({ generation, bytes });
    const written = await this.#envelop(image, file, whole, terms);
    await unlink(image).catch(() => {});
    return written;
  }

  /** `terms`: null for the image as it is. */
  async #fromFrozen(
    child: string,
    file: string,
    whole: boolean,
    terms: Terms | null,
  ): Promise<Either<DurableError, Copied>> {
    const { book, folder, stranded } = this.#options;
    const { image, generation } = book.get(child)!;
    if (stranded.container(child) !== null) {
      const copy = terms === null ? file : join(dirname(folder.image(child)), `.${child}.copy`);
      const bytes = await stranded.imageAt(child, copy);
      if (E.isLeft(bytes)) return bytes;
      if (terms === null) return E.right({ generation, bytes: bytes.right });
      const enveloped = await this.#envelop(copy, file, whole, terms);
      await unlink(copy).catch(() => {});
      return enveloped;
    }
    // What could not be brought back is in no image.
    if (image === null) return E.left({ tag: "Unfit", child, wanted: "exported", state: "frozen" });
    if (terms !== null) return this.#envelop(folder.lengthen(image), file, whole, terms);
    const bytes = await readImage(folder.lengthen(image), disk);
    if (E.isLeft(bytes)) return imageFailed(file, bytes.left);
    const written = await writeImage(file, bytes.right, disk);
    return E.isLeft(written)
      ? imageFailed(file, written.left)
      : E.right({ generation, bytes: written.right.bytes });
  }

  /**
   * Gives it up: from the moment that the record says so it never lives here again, and the file is written after that.
   * One that could not be written is taken back; after a crash in between it is written by the same command again.
   */
  async #give(child: string, order: ExportOrder, terms: Terms): Promise<Either<DurableError, Copied>> {
    const { lives, folder, book } = this.#options;
    const wasAlive = lives.alive(child) !== null;
    const known = book.get(child)!;
    if (known.state === "departed" && known.given !== terms.to)
      return E.left({
        ...{ tag: "Export", child },
        reason: `it was given to ${known.given ?? "another host"}, and can be to nobody else`,
      });
    if (known.clone)
      return E.left({
        tag: "Export",
        child,
        reason: "it is a clone that has not lived yet: revive it first",
      });
    if (wasAlive) {
      const frozen = await lives.quietly(child, () =>
        lives.live.freeze([child], { image: folder.image(child) }),
      );
      if (E.isLeft(frozen)) return E.left({ tag: "Host", error: frozen.left });
      await lives.keeping.frozen(child, frozen.right[0]!, "frozen");
    }
    if (this.#options.stranded.container(child) !== null) {
      const path = folder.image(child);
      const made = await this.#options.stranded.imageAt(child, path);
      const left = E.isLeft(made) ? made : await this.#options.stranded.leave(child, path);
      if (E.isLeft(left)) return left;
    }
    const before = book.get(child)!;
    const { image } = before;
    if (image === null) return E.left({ tag: "Unfit", child, wanted: "exported", state: "frozen" });
    const noted = await book.set(child, {
      ...before,
      ...{ state: "departed", given: terms.to!, reason: `it was given to ${terms.to!}`, since: Date.now() },
    });
    const path = folder.lengthen(image);
    const used = E.isLeft(noted) ? noted : await this.#useUp(path, terms.to!);
    const written = E.isLeft(used) ? used : await this.#envelop(path, order.file, order.whole, terms);
    if (E.isRight(written) || known.state === "departed") return written;
    await unclaim(this.#options.runtime.state, path);
    await this.#takeBack(child, before, wasAlive);
    return written;
  }

  /** What lies here of what was given up is nobody's to revive. */
  async #useUp(path: string, to: PublicKey): Promise<Either<DurableError, void>> {
    const image = await readImage(path, disk);
    const opened = E.isLeft(image) ? image : openImage(image.right, "any");
    if (E.isLeft(opened)) return imageFailed(path, opened.left);
    const { state } = this.#options.runtime;
    const claimed = await claim(state, opened.right.manifest.image, `given to ${to}`, disk);
    if (E.isRight(claimed) || claimed.left.tag === "UsedUp") return E.right(undefined);
    return imageFailed(path, claimed.left);
  }

  async #takeBack(child: string, before: EntryRecord, wasAlive: boolean): Promise<void> {
    const { lives } = this.#options;
    await lives.keeping.note(child, { ...before, state: wasAlive ? "alive" : before.state });
    if (wasAlive) await lives.bringBack(child);
  }

  /** Writes an image that lies at `from` into a container at `to`. */
  async #envelop(
    from: string,
    file: string,
    whole: boolean,
    { to, sealFor }: Terms,
  ): Promise<Either<DurableError, Copied>> {
    const { runtime, host } = this.#options;
    const image = await readImage(from, disk);
    const opened = E.isLeft(image) ? image : openImage(image.right, "any");
    if (E.isLeft(image)) return imageFailed(from, image.left);
    if (E.isLeft(opened)) return imageFailed(from, opened.left);
    const { manifest } = opened.right;
    const carried: (CarriedBase & { readonly deflated: Uint8Array })[] = [];
    for (const hash of whole ? new Set(manifest.children.map(({ platform }) => platform.base)) : []) {
      const base = runtime.bases.file(hash);
      const wanted = manifest.children[0]!.label;
      if (base === null) return imageFailed(from, { tag: "WrongBase", child: wanted, wanted: hash });
      carried.push({ hash, file: base, deflated: deflate(base) });
    }
    const { image: container } = manifest;
    const options = { container, created: Date.now(), host: host.name, to, sealFor, bases: carried };
    const bytes = envelop(image.right, options, runtime.signer);
    const written = E.isLeft(bytes) ? bytes : await writeImage(file, bytes.right, disk);
    if (E.isLeft(written)) return imageFailed(file, written.left);
    return E.right({ generation: manifest.children[0]!.generation, bytes: written.right.bytes });
  }

  // --- in

  /** Reads a file, and judges all that can be judged without a name for it. */
  async open(file: string): Promise<Either<DurableError, Incoming>> {
    const { runtime, host } = this.#options;
    const trust = [this.#own, ...(host.trust as readonly PublicKey[])];
    const bytes = await readImage(file, disk);
    if (E.isLeft(bytes)) return imageFailed(file, bytes.left);
    const isContainer = isEnvelope(bytes.right);
    const opened = isContainer ? openEnvelope(bytes.right, trust, runtime.signer) : null;
    if (opened !== null && E.isLeft(opened)) return imageFailed(file, opened.left);
    const { facts = null, content = null } = opened?.right ?? {};
    if (facts !== null && content === null)
      return imageFailed(file, { tag: "SealedFor", key: facts.sealedFor!, own: this.#own });
    const image = content?.image ?? bytes.right;
    // Who gives a container vouches for all that is in it.
    const sealed = openImage(image, content === null ? trust : "any");
    if (E.isLeft(sealed)) return imageFailed(file, sealed.left);
    const { manifest } = sealed.right;
    if (facts !== null && facts.container !== manifest.image)
      return imageFailed(file, malformed("container", manifest.image, facts.container));
    const [child, ...others] = manifest.children;
    if (child === undefined || others.length > 0)
      return E.left({ tag: "NotOne", path: file, children: manifest.children.map(({ name }) => name) });
    return E.right({ file, child, sealed: sealed.right, image, bases: content?.bases ?? [], facts });
  }

  /** Takes it in under a name, frozen. On `Left` nothing has changed. */
  async import(name: string, incoming: Incoming, as: string | null): Promise<Done> {
    const { book, folder, keeper, lives } = this.#options;
    const { file, child, image: content, facts, sealed } = incoming;
    const { manifest } = sealed;
    const { identity, generation } = child;
    const isSelf = as === null && this.#isOurs(incoming);
    if (as === null && facts !== null && facts.to !== null && facts.to !== this.#own)
      return E.left({ tag: "GivenTo", path: file, child: child.name, key: facts.to });
    if (as === null && book.wasTaken(manifest.image))
      return E.left({ tag: "Taken", path: file, child: child.name });
    if (isSelf) {
      const latest = await keeper.roll.epoch(identity);
      if (E.isLeft(latest)) return E.left({ tag: "Host", error: latest.left });
      if (latest.right > generation)
        return E.left({ tag: "Rollback", path: file, child: child.name, generation, latest: latest.right });
    }
    const bases = await this.#takeBases(incoming);
    if (E.isLeft(bases)) return bases;
    const image = folder.image(name);
    const written = await writeImage(image, content, disk);
    if (E.isLeft(written)) return imageFailed(image, written.left);
    const { bytes } = written.right;
    const path = folder.shorten(image);
    const record: EntryRecord = {
      ...{ ...UNBORN, state: "frozen", image: path, hash: child.code.hash, generation },
      // What comes from elsewhere may live on there: here it is somebody else.
      clone: !isSelf,
      checkpoint: { at: manifest.created, image: path, bytes },
      since: Date.now(),
    };
    // It was used up when it was given to this host, by this very host.
    if (isSelf && facts?.to === this.#own) await unclaim(this.#options.runtime.state, image);
    const noted = await book.set(name, record, as === null ? manifest.image : undefined);
    if (E.isLeft(noted)) return noted;
    const event = { event: "imported", child: name, image, generation, from: file, clone: !isSelf } as const;
    lives.emit(event);
    return E.right(event);
  }

  /** Whether what is in it comes back here as itself. */
  #isOurs({ facts, sealed }: Incoming): boolean {
    if (facts === null) return sealed.authentic.key === this.#own;
    return facts.to === null ? facts.from === this.#own : facts.to === this.#own;
  }

  /** Base memories that it brought and this host does not have are this host's from now on. */
  async #takeBases({ file, bases }: Incoming): Promise<Either<DurableError, void>> {
    const { runtime, folder } = this.#options;
    for (const { hash, file: content } of bases) {
      if (runtime.bases.find(hash) !== null) continue;
      const base = decodeBase(content);
      const isIt = E.isRight(base) && base.right.base.hash === hash;
      if (!isIt)
        return imageFailed(
          file,
          malformed(`base ${hash}`, "a base memory with this hash", E.isLeft(base) ? base.left : "another"),
        );
      const path = join(folder.bases, baseFileName(hash));
      const written = await writeImage(path, content, disk);
      if (E.isLeft(written)) return imageFailed(path, written.left);
    }
    return E.right(undefined);
  }
}

/** What was made of an export. */
interface Copied {
  readonly generation: number;
  readonly bytes: number;
}
