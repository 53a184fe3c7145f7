// Makes spec/golden/image-v1.cryo, once: `node dist/spec/image/make-golden.js`. It does not overwrite, for the
// file is kept as the release of format 1 wrote it.
import { writeFileSync } from "node:fs";
import { encodeImage } from "../../runtime/image/container.ts";
import { encodeMemory } from "../../runtime/image/memory.ts";
import { right } from "./either.ts";
import { goldenBase, goldenManifest, goldenMemories, goldenPath, goldenSeed } from "./golden-image.ts";
import { signerOfSeed } from "./sample-image.ts";

const [counter, noisy, alone] = goldenMemories;
const memories = [
  encodeMemory(counter, goldenBase),
  encodeMemory(noisy, goldenBase),
  encodeMemory(alone, null),
];
writeFileSync(goldenPath, right(encodeImage(goldenManifest, memories, signerOfSeed(goldenSeed))), {
  flag: "wx",
});
