// Where the connections of a stream gate's end come from: it dials one peer, or it listens and takes whoever calls.

import type { SessionError } from "../../../lib/error.ts";
import type { Either } from "../../../lib/fp.ts";
import type { Connection } from "./dial.ts";

export interface Peers {
  /**
   * Whether the next connection may be somebody else, as at a listener. Then what was meant for one peer never goes
   * to another: the end of a connection is told, once, before the next one is used.
   */
  readonly strangers: boolean;
  /** ms that a send waits for a connection before it answers `Disconnected`; Infinity where `next` itself gives up. */
  readonly patience: number;
  /** The next connection. `Disconnected` after bounded tries, or waits for ever; `Closed` when `stop` is aborted. */
  next(stop: AbortSignal): Promise<Either<SessionError, Connection>>;
  close(): Promise<void>;
}
