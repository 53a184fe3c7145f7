// What a machine needs from outside while it runs.

export interface MachinePowers {
  /** Monotonic milliseconds of this protection domain. */
  monotonic(): number;
  /** Wall-clock milliseconds since 1970. */
  wall(): number;
  entropy(into: Uint8Array): void;
  /** Told at every interrupt poll, so that a watchdog sees that the machine still polls. */
  poll(): void;
  /** Asked at every interrupt poll: whether nobody wants the turn that runs any more. */
  givenUp?(): boolean;
  /** Told of a call with one text while the turn that makes it still runs. It takes effect when the turn ends. */
  called?(selector: number, text: string): void;
}
