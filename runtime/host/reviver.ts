// Brings back what an image holds, under the routes and quota of today. Until everything is acquired the image is as
// it was and nothing has run.
import { randomUUID } from "node:crypto";
import { prose } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { RevivedInfo } from "../../lib/guest/abi.ts";
import type { CheckpointError, Missing } from "../checkpoint/checkpoint-error.ts";
import { deniedClaims } from "../checkpoint/claimed.ts";
import type { FilePower } from "../image/file-power.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";
import { decode, openImage } from "../image/open-image.ts";
import type { PublicKey } from "../image/public-key.ts";
import { readImage } from "../image/read-image.ts";
import type { Child } from "./child.ts";
import type { Children } from "./children.ts";
import { claim } from "./claims.ts";
import type { HostEvent } from "./event.ts";
import type { HostConfig, StartConfig } from "./host-config.ts";
import type { HostError } from "./host-error.ts";
import type { Runtime } from "./runtime.ts";

export interface ReviverOptions {
  readonly config: HostConfig;
  readonly runtime: Runtime;
  readonly children: Children;
  readonly files: FilePower;
  readonly emit: (event: HostEvent) => void;
}

const checkpointFailed = (error: CheckpointError): Either<HostError, never> =>
  E.left({ tag: "Checkpoint", error });

const imageFailed = (path: string, error: ImageError): Either<HostError, never> =>
  E.left({ tag: "Image", path, error });

export class Reviver {
  readonly #options: ReviverOptions;

  constructor(options: ReviverOptions) {
    this.#options = options;
  }

  /**
   * Revives the child of an image under the routes and quota that `entry` gives for its name, or for `as`. The
   * image is used up, unless `as` makes a clone with an identity of its own. The child takes no turn before `go`.
   */
  async revive(
    path: string,
    entry: (name: string) => StartConfig | undefined,
    as?: string,
  ): Promise<Either<HostError, Child>> {
    const { children, files, emit } = this.#options;
    const { trust, name: host } = this.#options.config;
    const { signer, platform } = this.#options.runtime;
    const read = await readImage(path, files);
    if (E.isLeft(read)) return imageFailed(path, read.left);
    const sealed = openImage(read.right, [signer.publicKey, ...(trust as readonly PublicKey[])]);
    if (E.isLeft(sealed)) return imageFailed(path, sealed.left);
    const into = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));
    const image = decode(sealed.right, platform, into);
    if (E.isLeft(image)) return imageFailed(path, image.left);
    const [frozen] = image.right.manifest.children;
    const [memory] = image.right.memories;
    const name = as ?? frozen!.name;
    const config = entry(name);
    if (config === undefined) return this.#withoutEntry(name, frozen!.ledger);
    const identity = as === undefined ? frozen!.identity : randomUUID();
    const generation = as === undefined ? frozen!.generation + 1 : 1;
    const made = children.make(config, frozen!.code, { identity, generation }, as !== undefined);
    if (E.isLeft(made)) return made;
    const child = made.right;
    const acquired = await this.#acquire(path, image.right.manifest.image, child, as === undefined, {
      snapshot: frozen!.ledger,
      memory: memory!,
      registers: frozen!.registers,
    });
    if (E.isLeft(acquired)) {
      await children.unmake(child);
      return acquired;
    }
    children.settle(child);
    const { reviveMs } = child;
    emit({
      event: "revived",
      child: name,
      host,
      image: path,
      generation,
      reopened: acquired.right,
      reviveMs,
    });
    return made;
  }

  /** Uses the image up, unless the child is a clone, and brings the child back. On failure the image is as it was. */
  async #acquire(
    path: string,
    image: string,
    child: Child,
    usesUp: boolean,
    frozen: Parameters<Child["revive"]>[0],
  ): Promise<Either<HostError, RevivedInfo["reopened"]>> {
    const { files, emit, runtime } = this.#options;
    const { identity, generation } = child.identity;
    const owner = `${identity} ${generation}`;
    const claimed = usesUp ? await claim(runtime.state, image, owner, files) : E.right(null);
    if (E.isLeft(claimed))
      return claimed.left.tag === "UsedUp"
        ? E.left({ tag: "UsedUp", image: path, child: child.name })
        : imageFailed(path, claimed.left);
    const revived = await child.revive(frozen);
    if (E.isRight(revived)) return revived;
    const withdrawn = (await claimed.right?.withdraw()) ?? E.right(undefined);
    if (E.isLeft(withdrawn)) emit({ event: "warning", child: child.name, text: imageProse(withdrawn.left) });
    if (revived.left.tag === "Refused") this.#tellDenied(child.name, revived.left.missing);
    return checkpointFailed(revived.left);
  }

  /** Without a start entry nothing is granted: what the image claims is denied, all of it by name. */
  #withoutEntry(child: string, snapshot: unknown): Either<HostError, never> {
    const denied = deniedClaims(snapshot, "no start entry grants it");
    this.#tellDenied(child, denied);
    return E.left({ tag: "NoEntry", child, denied });
  }

  #tellDenied(child: string, missing: readonly Missing[]): void {
    for (const { error } of missing)
      if (error.tag === "Denied") {
        const { service, label } = error;
        this.#options.emit({ event: "denied", child, service, label, reason: prose(error) });
      }
  }
}
