// `cryonode inspect IMAGE`: what an image holds, for people or programs. Where it is no image, it may be the name of a
// child of the state directory, or another state directory.
import { resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import { inspect as summary } from "../image/inspect.ts";
import { openImage, type SealedImage } from "../image/open-image.ts";
import type { Signer } from "../image/signer.ts";
import { didYouMean, nearest } from "../nearest.ts";
import { ownSigner } from "../scenario/check-images.ts";
import { childOutline } from "./child-outline.ts";
import type { Console } from "./console.ts";
import { OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import { containerLines, heldIn, imageComplaint, readNamedImage } from "./image-file.ts";
import { containerText, imageText, type ImageOutline } from "./image-text.ts";
import { harmless } from "./style.ts";

const outlineOf = (sealed: SealedImage, own: Signer | null): ImageOutline => {
  const { key, children, ...rest } = summary(sealed);
  return {
    ...rest,
    signature: { key, own: own?.publicKey === key },
    children: children.map(({ ledger, ...child }) => ({ ...child, ...childOutline(ledger) })),
  };
};

export interface InspectCommand {
  readonly image: string;
  readonly state: string;
  readonly json: boolean;
}

/** An image that is damaged or wrongly signed is refused; one of a key that is not known is shown, and says so. */
export const inspect = async (
  { image, state, json }: InspectCommand,
  console: Console,
): Promise<ExitStatus> => {
  const wrong = (text: string): ExitStatus => {
    console.complain(harmless(text));
    return WRONG_INPUT;
  };
  const file = await readNamedImage(image, state);
  if (E.isLeft(file)) {
    const { inspectEntries, entryOutlines, stateFolderAt } = await import("./inspect-entry.ts");
    const there = await stateFolderAt(image);
    if (there !== null) return inspectEntries(there, null, { json, console });
    const own = await stateFolderAt(state);
    const known = own === null ? null : await entryOutlines(own);
    if (own === null || known === null) return wrong(file.left);
    if (E.isLeft(known) || known.right.has(image)) return inspectEntries(own, image, { json, console });
    const meant = nearest(image, [...known.right.keys()]);
    return wrong(meant === null ? file.left : `there is no image or child ${image}${didYouMean(meant)}`);
  }
  const { path, bytes } = file.right;
  const own = await ownSigner(resolve(state));
  const held = heldIn(bytes, "any", own);
  if (E.isLeft(held)) return wrong(imageComplaint(path, held.left));
  const { facts, image: content } = held.right;
  const sealed = content === null ? null : openImage(content, "any");
  if (sealed !== null && E.isLeft(sealed)) return wrong(imageComplaint(path, sealed.left));
  const outline = sealed === null ? null : outlineOf(sealed.right, own);
  if (json) {
    const container = facts === null ? {} : { container: facts };
    console.print(JSON.stringify({ ...outline, ...container }));
    return OK;
  }
  const shut = facts === null ? null : containerLines(facts, own?.publicKey ?? null);
  if (shut !== null) for (const line of containerText(path, shut, console.colours)) console.print(line);
  if (outline !== null) {
    if (shut !== null) console.print("");
    for (const line of imageText(path, outline, console.colours)) console.print(line);
  } else console.print("  what is in it only that host's key opens");
  return OK;
};
