// The gates to peers on the network: a TCP client and a TCP listener, for peers that need know nothing of Cryonode, and
// for the other end of a pair.

import type { GateProvider } from "./gate-provider.ts";
import {
  AcceptingPairedGate,
  DiallingPairedGate,
  type PairedListenOptions,
  type PairedOptions,
} from "./paired-gate.ts";
import {
  AcceptingGate,
  DiallingGate,
  type ListeningGate,
  type ListenOptions,
  type StreamOptions,
} from "./stream-gate.ts";

interface Address {
  readonly host: string;
  readonly port: number;
}

export type TcpOptions = Address & StreamOptions;
/** `port` 0 takes a free one, another one at each opening. */
export type TcpListenOptions = Address & ListenOptions;

/**
 * `open` connects, and answers `Disconnected` after the last try. Each end has a connection of its own. With a state,
 * `unread` is received first, and the bytes of a message begun are dropped and counted: the peer's new connection
 * begins at a message.
 */
export const tcpGate = ({ host, port, ...options }: TcpOptions): GateProvider =>
  new DiallingGate({ host, port }, options);

/**
 * `open` listens, and does not wait for a peer: `receive` does, for as long as it takes, and `send` for `patience`.
 * One peer is served at a time. When it has gone, what it had sent is received first, then those who wait, or else the
 * next call, hear `Disconnected`, and then the next peer is served; a peer that came and went without a byte is passed over. A peer
 * that has ended its own half is answered until its end has been told. With a state, as `tcpGate`.
 */
export const tcpListener = ({ host, port, ...options }: TcpListenOptions): ListeningGate =>
  new AcceptingGate({ host, port }, options);

export type PairedTcpOptions = Address & PairedOptions;
export type PairedTcpListenOptions = Address & PairedListenOptions;

/**
 * The end of a pair that calls. `open(null)` meets the other one, or answers `Disconnected` after the last try and
 * `Denied` where another conversation is held there. With a state it tries once and goes on: its calls wait.
 */
export const pairedTcpGate = ({ host, port, ...options }: PairedTcpOptions): GateProvider =>
  new DiallingPairedGate({ host, port }, options);

/** The end of a pair that is called. `open` waits for nobody; one end at a time. */
export const pairedTcpListener = ({ host, port, ...options }: PairedTcpListenOptions): ListeningGate =>
  new AcceptingPairedGate({ host, port }, options);
