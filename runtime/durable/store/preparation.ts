// A checkpoint between the moment its memory was handed over and its commit: looked up, hashed and compressed, with
// all that the commit has to write.
import { E, type Either } from "../../../lib/fp.ts";
import type { FreshChunk } from "./chunk-writer.ts";
import { component, epochOf, type Component } from "./components.ts";
import type { Source } from "./draft.ts";
import { noParent, type Kept } from "./head.ts";
import { chunkCharge } from "./holders.ts";
import type { Hash } from "./keys.ts";
import type { PageTable } from "./page-table.ts";
import type { Position } from "./position.ts";
import type { Checkpoint, Prepared, Receipt } from "./store.ts";
import type { StoreError } from "./store-error.ts";

/** What a preparation has come to. */
export interface Work {
  readonly kept: Kept;
  /** What is otherwise than in the latest table. */
  readonly changed: PageTable;
  /** New chunks, in the order in which they can be added. */
  readonly fresh: ReadonlyMap<Hash, FreshChunk>;
}

export class Preparation implements Prepared {
  readonly identity: string;
  readonly label: string;
  readonly kin: string | null;
  readonly bound: number | null;
  /** Whose place it takes: its own, or that of another. */
  readonly former: string;
  readonly work: Work;
  readonly #dropped: () => void;
  #over = false;

  /** `dropped` is called once, when it is given up or was committed. */
  constructor({ identity, label, kin, bound, since }: Checkpoint, work: Work, dropped: () => void) {
    this.identity = identity;
    this.former = since?.receipt.identity ?? identity;
    this.label = label;
    this.kin = kin;
    this.bound = bound;
    this.work = work;
    this.#dropped = dropped;
  }

  get position(): Position {
    return { epoch: this.work.kept.epoch, sequence: this.work.kept.sequence };
  }

  get bytes(): number {
    let bytes = ROW_BYTES * this.work.changed.size + HEAD_BYTES;
    for (const { payload } of this.work.fresh.values())
      bytes += chunkCharge(payload.length + CHUNK_HEADER_BYTES);
    return bytes;
  }

  get receipt(): Receipt {
    return { identity: this.identity, ...this.position, hash: this.work.kept.hash };
  }

  /** Whether it was used up or given up. */
  get over(): boolean {
    return this.#over;
  }

  drop(): void {
    if (this.#over) return;
    this.#over = true;
    this.#dropped();
  }
}

/** At most: in the table and in the way back. */
const ROW_BYTES = 64;
const HEAD_BYTES = 1024;
const CHUNK_HEADER_BYTES = 48;

/** Whether the checkpoint can come next, after one of `former`'s: what there is of that one. */
export const successionError = (
  source: Source,
  {
    identity,
    epoch,
    sequence,
  }: { readonly identity: string; readonly epoch: number; readonly sequence: number },
  parent: string | null,
  former: string,
): Either<StoreError, Component | null> => {
  const own = former === identity ? null : component(source, identity);
  if (own !== null && E.isLeft(own)) return own;
  // Nothing of its own is written over.
  const latestOwn = own?.right?.head.kept[0]?.hash;
  if (latestOwn !== undefined)
    return E.left({ tag: "WrongParent", identity, wanted: parent ?? noParent, found: latestOwn });
  const found = component(source, former);
  if (E.isLeft(found)) return found;
  const recorded = epochOf(source, identity);
  if (E.isLeft(recorded)) return recorded;
  const latest = found.right?.head.kept[0];
  if (recorded.right !== null && epoch < recorded.right)
    return E.left({ tag: "Stale", identity, epoch, latest: recorded.right });
  const isWrong = parent !== null && parent !== (latest?.hash ?? noParent);
  if (isWrong && former !== identity)
    return E.left({ tag: "WrongParent", identity, wanted: parent, found: latest?.hash ?? null });
  if (latest !== undefined && sequence <= latest.sequence)
    return E.left({ tag: "OutOfOrder", identity, sequence, latest: latest.sequence });
  if (isWrong) return E.left({ tag: "WrongParent", identity, wanted: parent, found: latest?.hash ?? null });
  return found;
};
