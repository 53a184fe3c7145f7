// `cryonode verify IMAGE`: an image checked to its last byte.
import { resolve } from "node:path";
import { E } from "../../lib/fp.ts";
import { loadPlatform } from "../host/runtime.ts";
import { imageProse } from "../image/image-error.ts";
import { verifyImage } from "../image/open-image.ts";
import { parseTrust } from "../image/public-key.ts";
import { ownKey } from "../scenario/check-images.ts";
import type { Console } from "./console.ts";
import { OK, WRONG_INPUT, type ExitStatus } from "./exit-status.ts";
import { imageComplaint, readNamedImage } from "./image-file.ts";
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
  const own = await ownKey(resolve(command.state));
  const sealed = verifyImage(bytes, [...own, ...trust.right], loadPlatform().platform);
  if (E.isLeft(sealed)) return wrong(imageComplaint(path, sealed.left));
  const { manifest, authentic } = sealed.right;
  const whose = own.includes(authentic.key) ? "this host's own key" : "a key that was to be trusted";
  const extent = `${bytesText(bytes.length)}, ${manifest.children.map(({ name }) => name).join(", ")}`;
  console.print(`${styles(console.colours).good("ok")}  ${path}  (${extent})`);
  console.print(`    signed by ${authentic.key}, ${whose}`);
  console.print(`    sha256 ${authentic.digest}`);
  return OK;
};
