// What a freeze or a checkpoint made of one child.

export interface Frozen {
  readonly child: string;
  /** The image's path. */
  readonly image: string;
  /** Of the incarnation that it holds. */
  readonly generation: number;
  /** Of the image, all of its children together. */
  readonly bytes: number;
  /** How long the child stood still for it. */
  readonly pauseMs: number;
}
