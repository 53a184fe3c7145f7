// Images that a scenario revives and does not make itself come from elsewhere: they are judged before anything
// starts, unless the scenario expects them to be refused.
import { join } from "node:path";
import { E } from "../../lib/fp.ts";
import type { Diagnostic } from "../diagnostic.ts";
import { disk } from "../image/disk.ts";
import { imageProse } from "../image/image-error.ts";
import { hostKey } from "../image/key.ts";
import { openImage } from "../image/open-image.ts";
import { parseTrust, type PublicKey } from "../image/public-key.ts";
import { readImage } from "../image/read-image.ts";
import type { Signer } from "../image/signer.ts";
import type { Scenario } from "./scenario.ts";
import { resolveImage } from "./schema-path.ts";
import type { Step } from "./schema-step.ts";

const refusalExpected = (step: Step | undefined): boolean =>
  step?.step === "expect" && (step.expect.kind === "error" || step.expect.kind === "denied");

/** The state directory's own signer, where it has a key; nothing is made for it. */
export const ownSigner = async (state: string): Promise<Signer | null> => {
  const there = await disk.open(join(state, "key")).then(
    async (file) => (await file.close(), true),
    () => false,
  );
  const signer = there ? await hostKey(state, disk) : null;
  return signer !== null && E.isRight(signer) ? signer.right : null;
};

/** Its public key, where it has one. */
const ownKey = async (state: string): Promise<readonly PublicKey[]> => {
  const signer = await ownSigner(state);
  return signer === null ? [] : [signer.publicKey];
};

/** What is wrong with images, at the steps that revive them. */
export const checkImages = async (
  { file, directory, hosts, start, steps }: Scenario,
  state: string,
): Promise<readonly Diagnostic[]> => {
  const made = new Set<string>();
  const wrong: Diagnostic[] = [];
  const own = await ownKey(state);
  for (const [index, step] of (steps ?? []).entries()) {
    if (step.step === "freeze" || step.step === "checkpoint")
      made.add(resolveImage(step.image, state, directory));
    if (step.step !== "revive" || refusalExpected(steps?.[index + 1])) continue;
    const path = resolveImage(step.image, state, directory);
    if (made.has(path)) continue;
    const complain = (message: string): void => void wrong.push({ file, ...step.at, message });
    const bytes = await readImage(path, disk);
    if (E.isLeft(bytes)) {
      complain(`no image can be revived from ${path}: ${imageProse(bytes.left)}`);
      continue;
    }
    const { as = "" } = step;
    const clones = typeof as === "string" ? [as] : Object.values(as);
    const on = step.on ?? start.find(({ name }) => clones.includes(name))?.on;
    const trusting = hosts.find((each) => each.name === on);
    // Without a name for the host, any of them may come to revive it.
    const trust = (trusting === undefined ? hosts : [trusting]).flatMap((each) => each.trust);
    const keys = parseTrust(trust);
    const sealed = openImage(bytes.right, [...own, ...(E.isRight(keys) ? keys.right : [])]);
    if (E.isLeft(sealed)) complain(`${path} can't be revived: ${imageProse(sealed.left)}`);
  }
  return wrong;
};
