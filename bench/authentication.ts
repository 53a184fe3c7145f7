// Authenticating an image, which comes before anything else is done with it, against hashing as many bytes.
import { createHash, generateKeyPairSync, randomFillSync } from "node:crypto";
import { E } from "../lib/fp.ts";
import { authenticate } from "../runtime/image/authenticate.ts";
import { seal } from "../runtime/image/container.ts";
import { imageProse } from "../runtime/image/image-error.ts";
import { signer } from "../runtime/image/signer.ts";
import type { Bench } from "./bench.ts";
import { sideBySide } from "./side-by-side.ts";

/** An image of that many bytes, of chunks that don't deflate. */
const imageOf = (bytes: number): Uint8Array => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const chunks = randomFillSync(new Uint8Array(bytes));
  return seal(new Uint8Array(1024), new Uint8Array(1024), [chunks], signer(privateKey));
};

const authenticationBench = (megabytes: number): Bench => ({
  name: `authentication, ${megabytes} MB`,
  run({ rounds }) {
    const image = imageOf(megabytes * 1_000_000);
    return sideBySide({
      name: `authentication, ${megabytes} MB`,
      unit: "ms",
      ours() {
        const began = performance.now();
        const authentic = authenticate(image, "any");
        const took = performance.now() - began;
        if (E.isLeft(authentic)) throw new Error(imageProse(authentic.left));
        return took;
      },
      against: "sha256 of the same bytes",
      theirs() {
        const began = performance.now();
        createHash("sha256").update(image).digest();
        return performance.now() - began;
      },
      target: { of: "ratio", bound: "at most", limit: 1.2 },
      rounds: rounds * 3,
    });
  },
});

export const authenticationBenches: readonly Bench[] = [15, 61].map(authenticationBench);
