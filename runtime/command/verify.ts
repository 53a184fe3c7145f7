// `cryonode verify IMAGE`: an image checked to its last byte.
import { resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import { loadPlatform } from "../host/runtime.ts";
import { imageProse } from "../image/image-error.ts";
import { verifyImage } from "../image/open-image.ts";
import { decodeBase } from "../engine/base-file.ts";
import type { CarriedBase } from "../image/envelope.ts";
import { parseTrust, type PublicKey } from "../image/public-key.ts";
import { ownSigner } from "../scenario/check-images.ts";
import type { Console } from "./console.ts";
import { OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import { heldIn, imageComplaint, readNamedImage } from "./image-file.ts";
import { bytesText } from "./quantity.ts";
import { harmless, styles } from "./style.ts";

export interface VerifyCommand {
  readonly image: string;
  readonly state: string;
  /** Keys besides the state directory's own. */
  readonly trust: readonly string[];
}

export const verify = async (command: VerifyCommand, console: Console): Promise<ExitStatus> => {
  const wrong = (text: string): ExitStatus => {
    console.complain(harmless(text));
    return WRONG_INPUT;
  };
  const trust = parseTrust(command.trust);
  if (E.isLeft(trust)) return wrong(`cryonode: --trust: ${imageProse(trust.left)}`);
  const file = await readNamedImage(command.image, command.state);
  if (E.isLeft(file)) return wrong(file.left);
  const { path, bytes } = file.right;
  const signer = await ownSigner(resolve(command.state));
  const own = signer === null ? [] : [signer.publicKey];
  const known = [...own, ...trust.right];
  const held = heldIn(bytes, known, signer);
  if (E.isLeft(held)) return wrong(imageComplaint(path, held.left));
  const { facts, image, bases } = held.right;
  const whoseIs = (key: PublicKey): string =>
    own.includes(key) ? "this host's own key" : "a key that was to be trusted";
  if (image === null) {
    console.print(`${styles(console.colours).good("ok")}  ${path}  (${bytesText(bytes.length)}, sealed)`);
    console.print(`    given by ${facts!.from}, ${whoseIs(facts!.from)}`);
    console.print(`    sealed for ${facts!.sealedFor}: what is in it can be checked there`);
    console.print(`    sha256 ${facts!.digest}`);
    return OK;
  }
  const { platform } = loadPlatform();
  const brought = basesOf(bases);
  if (typeof brought === "string") return wrong(`${path}: ${brought}`);
  const sealed = verifyImage(image, facts === null ? known : "any", {
    ...platform,
    base: (hash) => platform.base(hash) ?? brought.get(hash) ?? null,
  });
  if (E.isLeft(sealed)) return wrong(imageComplaint(path, sealed.left));
  const { manifest, authentic } = sealed.right;
  const whose = known.includes(authentic.key) ? whoseIs(authentic.key) : "a key that its giver vouches for";
  const extent = `${bytesText(bytes.length)}, ${manifest.children.map(({ name }) => name).join(", ")}`;
  console.print(`${styles(console.colours).good("ok")}  ${path}  (${extent})`);
  console.print(`    signed by ${authentic.key}, ${whose}`);
  console.print(`    sha256 ${authentic.digest}`);
  if (facts === null) return OK;
  console.print(`    given by ${facts.from}, ${whoseIs(facts.from)}`);
  console.print(`    given to ${facts.to ?? "nobody: it is a copy"}`);
  return OK;
};

/** The base memories that came with a container; a text says what is wrong with one. */
const basesOf = (carried: readonly CarriedBase[]): ReadonlyMap<string, Uint8Array> | string => {
  const bases = new Map<string, Uint8Array>();
  for (const { hash, file } of carried) {
    const base = decodeBase(file);
    if (E.isLeft(base)) return `base ${hash}: ${base.left}`;
    if (base.right.base.hash !== hash) return `base ${hash}: it is another one`;
    bases.set(hash, base.right.base.memory);
  }
  return bases;
};
