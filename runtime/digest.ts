// sha256, as everything that is compared by content is compared.
import { createHash } from "node:crypto";

/** In hexadecimal. */
export const sha256 = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("hex");
