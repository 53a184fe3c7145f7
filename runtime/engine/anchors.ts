// Addresses, in bytes, of what the base memory holds for the host's use: boxes that were made before the base was
// taken, so that driving the machine leaves the same memory for every schedule of freezes.

export interface Anchors {
  readonly outbox: number;
  /** Boxes of the library's `deliver` function and of `undefined`. */
  readonly deliver: number;
  readonly undefined: number;
  /** Four pointers to the boxes of slot, form, value and extra, which lie behind it. */
  readonly argv: number;
  readonly boxes: number;
  /** Eight bytes for lengths that exports write. */
  readonly length: number;
}

export const NO_ANCHORS: Anchors = { outbox: 0, deliver: 0, undefined: 0, argv: 0, boxes: 0, length: 0 };
