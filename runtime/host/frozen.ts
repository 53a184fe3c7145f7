// What a freeze or a checkpoint made.

export interface Frozen {
  /** The image's path. */
  readonly image: string;
  /** Of the incarnation that it holds. */
  readonly generation: number;
  /** Of the image. */
  readonly bytes: number;
  /** How long the child stood still for it. */
  readonly pauseMs: number;
}
