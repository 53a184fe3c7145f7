// A frozen child, or several frozen together, as it lies in memory: what the manifest says and the whole linear
// memory of each. Its file form is `container.ts`.
import type { Manifest } from "./manifest.ts";

export type { ChildManifest, Manifest } from "./manifest.ts";

export interface Image {
  readonly manifest: Manifest;
  /** `memories[i]` belongs to `manifest.children[i]` and has its `memoryBytes`. */
  readonly memories: readonly Uint8Array[];
}
