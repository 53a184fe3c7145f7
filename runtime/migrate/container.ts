// A container: everything of a task's travelers but their memory, whose chunks travel apart and are named by the
// digest. Signed by the host that held them and addressed to the key of the one that may take them in.
import * as t from "io-ts";
import { bytes, natural, struct, text } from "../../lib/codec.ts";
import { Manifest } from "../image/manifest.ts";
import { bounded } from "./bounded.ts";

/** Version of the description: in 1, which may lie here since an earlier release, chunks had 16 KiB. */
export const CONTAINER_FORMAT = 2;
/** Most bytes of a description. */
export const MOST_CONTAINER_BYTES = 128 << 20;

/** Something that travels beside ledgers and memories: its kind, the version of its form, and its bytes. A sink that
 *  knows no use for a piece refuses the container. */
export const Cargo = struct({ kind: text, version: natural, child: text, bytes }, {}, "Cargo");
export type Cargo = t.TypeOf<typeof Cargo>;

export const Container = struct(
  {
    format: t.union([t.literal(1), t.literal(CONTAINER_FORMAT)]),
    /** UUID of the migration. */
    task: text,
    /** Public keys, `ed25519:…`: whose it was, and whose it may be. */
    from: text,
    to: text,
    /** Of the travelers, in their order. `image` is the task's id again. */
    manifest: Manifest,
    cargo: bounded(Cargo, 4096, "pieces of cargo"),
    /** For each traveler: SHA-256 over the hashes of its memory's chunks, in their order. */
    memories: bounded(bytes, 64, "digests"),
  },
  {},
  "Container",
);
export type Container = t.TypeOf<typeof Container>;
