// Objects with calls that may wait long, and that somebody may stop waiting for.

export interface Cancellable {
  /** Nobody waits any more for the call that answered with `promise`: completes it, or keeps what it would have
   *  brought for the next one. Nothing, where no such call waits. */
  cancel(promise: Promise<unknown>): void;
}
