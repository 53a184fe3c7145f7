// The gates to peers on the same machine: a Unix socket's client, and its listener.

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

interface SocketPath {
  /** At most 107 bytes, or else opening answers `InvalidPath`. */
  readonly path: string;
}

export type UnixOptions = SocketPath & StreamOptions;
export type UnixListenOptions = SocketPath & ListenOptions;

/** As `tcpGate`. */
export const unixGate = ({ path, ...options }: UnixOptions): GateProvider =>
  new DiallingGate({ path }, options);

/**
 * As `tcpListener`. A socket that stands at `path` and at which nobody listens any more is replaced; anything else
 * there is left alone: `Io` with EADDRINUSE, or `InvalidPath` where it is no socket. The socket is removed at the close.
 */
export const unixListener = ({ path, ...options }: UnixListenOptions): ListeningGate =>
  new AcceptingGate({ path }, options);

export type PairedUnixOptions = SocketPath & PairedOptions;
export type PairedUnixListenOptions = SocketPath & PairedListenOptions;

/** As `pairedTcpGate`. */
export const pairedUnixGate = ({ path, ...options }: PairedUnixOptions): GateProvider =>
  new DiallingPairedGate({ path }, options);

/** As `pairedTcpListener`, and of its socket as `unixListener`. */
export const pairedUnixListener = ({ path, ...options }: PairedUnixListenOptions): ListeningGate =>
  new AcceptingPairedGate({ path }, options);
