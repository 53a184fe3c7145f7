// `cryonode inspect IMAGE`: what an image holds, for people or programs. Where it is no image, it may be the name of a
// child of the state directory, or another state directory.
import { resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import { inspect as summary } from "../image/inspect.ts";
import { openImage } from "../image/open-image.ts";
import { didYouMean, nearest } from "../nearest.ts";
import { ownKey } from "../scenario/check-images.ts";
import { childOutline } from "./child-outline.ts";
import type { Console } from "./console.ts";
import { OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import { imageComplaint, readNamedImage } from "./image-file.ts";
import { imageText, type ImageOutline } from "./image-text.ts";
import { harmless } from "./style.ts";

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
  const sealed = openImage(bytes, "any");
  if (E.isLeft(sealed)) return wrong(imageComplaint(path, sealed.left));
  const { key, children, ...rest } = summary(sealed.right);
  const own = await ownKey(resolve(state));
  const outline: ImageOutline = {
    ...rest,
    signature: { key, own: own.some((each) => each === key) },
    children: children.map(({ ledger, ...child }) => ({ ...child, ...childOutline(ledger) })),
  };
  if (json) console.print(JSON.stringify(outline));
  else for (const line of imageText(path, outline, console.colours)) console.print(line);
  return OK;
};
