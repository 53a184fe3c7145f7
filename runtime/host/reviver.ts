// Brings back what an image holds, one child or several together, under the routes and quota of today. Until every one
// of them has acquired all that it had, the image is as it was and nothing has run.
import { randomUUID } from "node:crypto";
import { prose } from "../../lib/error.ts";
import { E, type Either } from "../../lib/fp.ts";
import type { RevivedInfo } from "../../lib/guest/abi.ts";
import type { CheckpointError, Missing } from "../checkpoint/checkpoint-error.ts";
import { deniedClaims } from "../checkpoint/claimed.ts";
import { asKin } from "../checkpoint/kinship.ts";
import { revivable } from "../checkpoint/revivable.ts";
import type { Snapshot } from "../checkpoint/snapshot.ts";
import type { FilePower } from "../image/file-power.ts";
import type { ChildManifest, Image } from "../image/image.ts";
import { imageProse, type ImageError } from "../image/image-error.ts";
import { decode, openImage } from "../image/open-image.ts";
import type { PublicKey } from "../image/public-key.ts";
import { readImage } from "../image/read-image.ts";
import { RouteTable } from "../shard/route-table.ts";
import type { Child, ChildIdentity } from "./child.ts";
import type { Children } from "./children.ts";
import { claim, type Claim } from "./claims.ts";
import { revivedNames, type CloneNames } from "./clone-names.ts";
import type { HostEvent } from "./event.ts";
import type { HostConfig, StartConfig } from "./host-config.ts";
import { togetherFailed, type Failure, type HostError } from "./host-error.ts";
import { Rendezvous } from "./rendezvous.ts";
import type { Owned } from "./keeper.ts";
import type { Runtime } from "./runtime.ts";

export interface ReviverOptions {
  readonly config: HostConfig;
  readonly runtime: Runtime;
  readonly children: Children;
  readonly files: FilePower;
  readonly emit: (event: HostEvent) => void;
  /** Has them kept from now on, all of them or none, and none before `owned` has resolved, or where it is Left. Without this
   *  they end with the host. */
  readonly keep?: (children: readonly Child[], owned: Owned) => Promise<Either<HostError, void>>;
}

export interface RevivalOrder {
  /** Under which routes and quota a child of this name is revived. */
  readonly entry: (name: string) => StartConfig | undefined;
  /** Makes clones, with identities of their own, and does not use the image up. */
  readonly as?: CloneNames;
  /** Only an image of one child will do. */
  readonly alone?: boolean;
  /** Whose they are is written down elsewhere, and the image is not used up: none of them goes on before this has
   *  resolved, and none where it is Left; the memories that they come from may have been written to then. */
  readonly owned?: Owned;
}

type Reopened = RevivedInfo["reopened"];

/** One child of an image, on its way back. */
interface Member {
  readonly frozen: ChildManifest;
  readonly memory: Uint8Array;
  readonly snapshot: unknown;
  readonly config: StartConfig;
  readonly identity: ChildIdentity;
}

const imageFailed = (path: string, error: ImageError): Either<HostError, never> =>
  E.left({ tag: "Image", path, error });

/** What one tells that only follows the others. */
const isOther = (error: CheckpointError): boolean => error.tag === "Step" && error.step === "together";

export class Reviver {
  readonly #options: ReviverOptions;

  constructor(options: ReviverOptions) {
    this.#options = options;
  }

  /** Revives all children of an image. None of them takes a turn before `go`. On failure the image is as it was, and
   *  where it holds several the error may be `Together`. */
  async revive(path: string, order: RevivalOrder): Promise<Either<HostError, readonly Child[]>> {
    const read = await this.#read(path);
    return E.isLeft(read) ? read : this.reviveRead(read.right, path, order);
  }

  /** As `revive`, of an image that was read and found to be genuine; `path` names it. */
  async reviveRead(
    image: Image,
    path: string,
    { entry, as, alone, owned }: RevivalOrder,
  ): Promise<Either<HostError, readonly Child[]>> {
    const { children, emit, config: host, keep } = this.#options;
    const found = image.manifest.children.map(({ name }) => name);
    if (alone === true && found.length > 1) return E.left({ tag: "Several", image: path, children: found });
    const names = revivedNames(path, found, as);
    if (E.isLeft(names)) return names;
    const members = this.#members(image, names.right, entry, as !== undefined);
    if (E.isLeft(members)) return members;
    const kin = members.right.map(({ identity: { identity } }) => identity);
    const revived: { readonly child: Child; readonly member: Member }[] = [];
    for (const member of members.right) {
      const clone = as === undefined ? undefined : { kin };
      const made = children.make(member.config, member.frozen.code, member.identity, clone);
      if (E.isLeft(made)) return made;
      revived.push({ child: made.right, member });
    }
    const isUsedUp = as === undefined && owned === undefined;
    const claimed = isUsedUp ? await this.#claim(path, image, members.right) : E.right(null);
    const acquired = E.isLeft(claimed) ? claimed : await this.#acquire(revived);
    const all = revived.map(({ child }) => child);
    const mine = owned ?? Promise.resolve(E.right(undefined));
    const kept = E.isLeft(acquired) ? acquired : await (keep?.(all, mine) ?? mine);
    if (E.isLeft(acquired) || E.isLeft(kept)) {
      await Promise.all(all.map((child) => children.unmake(child)));
      if (E.isRight(claimed)) await this.#withdraw(claimed.right, found[0]!);
      return E.isLeft(acquired) ? acquired : (kept as Either<HostError, never>);
    }
    children.settle(...all);
    for (const [at, { child }] of revived.entries()) {
      const { name, reviveMs, identity, ending } = child;
      if (ending !== null) continue;
      const { generation } = identity;
      const reopened = acquired.right[at]!;
      emit({ event: "revived", child: name, host: host.name, image: path, generation, reopened, reviveMs });
    }
    return E.right(all);
  }

  async #read(path: string): Promise<Either<HostError, Image>> {
    const { files, config, runtime } = this.#options;
    const { signer, platform } = runtime;
    const read = await readImage(path, files);
    if (E.isLeft(read)) return imageFailed(path, read.left);
    const sealed = openImage(read.right, [signer.publicKey, ...(config.trust as readonly PublicKey[])]);
    if (E.isLeft(sealed)) return imageFailed(path, sealed.left);
    const into = (bytes: number): Uint8Array => new Uint8Array(new SharedArrayBuffer(bytes));
    const image = decode(sealed.right, platform, into);
    return E.isLeft(image) ? imageFailed(path, image.left) : image;
  }

  /** The children of the image with what they are revived under. Of several, all that is missing for any is told
   *  at once, before anything is acquired. One alone that is no clone is judged where it will live. */
  #members(
    { manifest, memories }: Image,
    names: readonly string[],
    entry: RevivalOrder["entry"],
    isClone: boolean,
  ): Either<HostError, readonly Member[]> {
    const { children } = this.#options;
    const isJudged = names.length > 1 || isClone;
    const failures: Failure[] = [];
    const members = manifest.children.flatMap((frozen, at): Member[] => {
      const name = names[at]!;
      const memory = memories[at]!;
      const config = entry(name);
      if (config === undefined) {
        failures.push({ child: name, error: this.#withoutEntry(name, frozen.ledger) });
        return [];
      }
      const identity = isClone
        ? { identity: randomUUID(), generation: 1 }
        : { identity: frozen.identity, generation: frozen.generation + 1 };
      const member = { frozen, memory, snapshot: frozen.ledger, config, identity };
      if (!isJudged) return [member];
      const spec = children.spec(config);
      const judged = revivable(frozen.ledger, memory.length, spec.quota, new RouteTable(spec));
      if (E.isRight(judged)) return [{ ...member, snapshot: judged.right }];
      failures.push({ child: name, error: this.#failed(name, judged.left) });
      return [];
    });
    const wanted = members.map(({ config, identity: { identity } }) => ({ config, identity }));
    failures.push(...children.refusals(wanted));
    if (failures.length > 0) return togetherFailed(names.length, failures);
    return E.right(isClone ? this.#asKin(members) : members);
  }

  #asKin(members: readonly Member[]): readonly Member[] {
    const snapshots = asKin(
      members.map(({ frozen, snapshot, config, identity }) => ({
        identity: frozen.identity,
        snapshot: snapshot as Snapshot,
        clone: { identity: identity.identity, name: config.name },
      })),
      randomUUID,
    );
    return members.map((member, at) => ({ ...member, snapshot: snapshots[at] }));
  }

  /** Uses the image up, for all of them at once. */
  async #claim(
    path: string,
    { manifest }: Image,
    members: readonly Member[],
  ): Promise<Either<HostError, Claim>> {
    const { runtime, files } = this.#options;
    const owner = members
      .map(({ identity: { identity, generation } }) => `${identity} ${generation}`)
      .join("\n");
    const claimed = await claim(runtime.state, manifest.image, owner, files);
    if (E.isRight(claimed)) return claimed;
    const names = members.map(({ config }) => config.name);
    const child = names.join(", ").replace(/, ([^,]*)$/, " and $1");
    return claimed.left.tag === "UsedUp"
      ? E.left({ tag: "UsedUp", image: path, child })
      : imageFailed(path, claimed.left);
  }

  async #withdraw(claimed: Claim | null, child: string): Promise<void> {
    const withdrawn = (await claimed?.withdraw()) ?? E.right(undefined);
    if (E.isLeft(withdrawn))
      this.#options.emit({ event: "warning", child, text: imageProse(withdrawn.left) });
  }

  /** All acquire what they had before the first goes on. */
  async #acquire(
    revived: readonly { readonly child: Child; readonly member: Member }[],
  ): Promise<Either<HostError, readonly Reopened[]>> {
    const rendezvous = new Rendezvous(revived.length);
    const together = revived.length === 1 ? undefined : () => rendezvous.arrive();
    const all = await Promise.all(
      revived.map(async ({ child, member: { snapshot, memory, frozen } }) => {
        const { registers, platform } = frozen;
        const state = { snapshot, memory, registers, base: platform.base };
        const acquired = await child.revive(state, together);
        if (E.isLeft(acquired)) rendezvous.fail();
        return { child, acquired };
      }),
    );
    const failures: Failure[] = [];
    const reopened: Reopened[] = [];
    for (const { child, acquired } of all)
      if (E.isRight(acquired)) reopened.push(acquired.right);
      // The others have gone on by then: that one was revived, and has ended since.
      else if (rendezvous.passed && acquired.left.tag === "Ended") reopened.push([]);
      else if (!isOther(acquired.left))
        failures.push({ child: child.name, error: this.#failed(child.name, acquired.left) });
    return reopened.length === revived.length ? E.right(reopened) : togetherFailed(revived.length, failures);
  }

  #failed(child: string, error: CheckpointError): HostError {
    if (error.tag === "Refused") this.#tellDenied(child, error.missing);
    return { tag: "Checkpoint", error };
  }

  /** Without a start entry nothing is granted: what the image claims is denied, all of it by name. */
  #withoutEntry(child: string, snapshot: unknown): HostError {
    const denied = deniedClaims(snapshot, "no start entry grants it");
    this.#tellDenied(child, denied);
    return { tag: "NoEntry", child, denied };
  }

  #tellDenied(child: string, missing: readonly Missing[]): void {
    for (const { error } of missing)
      if (error.tag === "Denied") {
        const { service, label } = error;
        this.#options.emit({ event: "denied", child, service, label, reason: prose(error) });
      }
  }
}
