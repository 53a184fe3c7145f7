// How far an identity has come: what the store, a journal and the providers compare to tell old from new.

/** Both numbers only grow. */
export interface Position {
  /** Counts incarnations: who revives it takes the next one, and fences all that have lower ones. */
  readonly epoch: number;
  /** Of the checkpoint, as its writer numbered it. */
  readonly sequence: number;
}
