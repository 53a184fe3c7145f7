// How a command is told to stop by its terminal, by whoever runs it, or by the end of whoever reads it.

export interface Interruption {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly stop: AbortSignal;
  /** Aborted by the second one: the process ends when those who listen have said what is to be said. */
  readonly again: AbortSignal;
  /** A command that ends in good order whatever happens takes the stop as its own affair: its exit status stands,
   *  and that nobody reads its output any more stops it like a signal. */
  readonly takeOver: () => void;
}
