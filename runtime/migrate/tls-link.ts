// The command channel's link: TLS 1.3 with no resumption, both ends authenticated by their hosts' keys. Each end
// compares the other's key with the one that is pinned before the first byte of it is parsed.
import { connect, createServer, type SecureContextOptions, type Server, type TLSSocket } from "node:tls";
import { constants } from "node:crypto";
import type { AddressInfo, Socket } from "node:net";
import { E, type Either } from "../../lib/fp.ts";
import { parsePublicKey, type PublicKey } from "../image/public-key.ts";
import type { TlsIdentity } from "./certificate.ts";
import { Channel } from "./channel.ts";
import type { Linked } from "./mig-thread.ts";
import type { MigrateError } from "./migrate-error.ts";
import { addressText, type Address, type Peer } from "./peer.ts";

/** How long a handshake may take, in ms. */
const HANDSHAKE_MS = 5000;
/** Connections of one peer at once; it is told that further ones are too many. */
const MOST_OF_A_PEER = 32;
/** Callers at once who have not shown yet who they are; beyond them, who has taken longest for that is dropped. */
const MOST_UNKNOWN = 128;

const contextOf = ({ key, cert }: TlsIdentity): SecureContextOptions => ({
  key,
  cert,
  minVersion: "TLSv1.3",
  maxVersion: "TLSv1.3",
  secureOptions: constants.SSL_OP_NO_TICKET,
});

/** The key that the other end has proven to have; null where it shows none of ours. */
const keyOf = (socket: TLSSocket): PublicKey | null => {
  const shown = socket.getPeerX509Certificate()?.publicKey;
  if (shown?.asymmetricKeyType !== "ed25519") return null;
  const { x = "" } = shown.export({ format: "jwk" });
  const key = parsePublicKey(`ed25519:${x}`);
  return E.isRight(key) ? key.right : null;
};

/** What it says is who it is, in a connection that was made from nothing. */
const isFresh = (socket: TLSSocket): boolean =>
  socket.getProtocol() === "TLSv1.3" && !socket.isSessionReused();

/** Nobody is there, which is the most ordinary reason of all. */
const advice = ({ code }: NodeJS.ErrnoException): string =>
  code === "ECONNREFUSED" ? "; it takes calls while `cryonode up FILE --listen HOST:PORT` runs there" : "";

export interface LinkOptions {
  readonly identity: TlsIdentity;
  readonly silence?: number;
}

export interface DialOptions extends LinkOptions {
  /** Gives up waiting. */
  readonly signal?: AbortSignal;
}

/** Calls a peer. */
export const dialPeer = (
  { name, address, key: pinned }: Peer,
  { identity, silence, signal }: DialOptions,
): Promise<Either<MigrateError, Linked>> =>
  new Promise((resolve) => {
    const peer = `${name} at ${addressText(address)}`;
    const socket = connect({
      ...contextOf(identity),
      host: address.host,
      port: address.port,
      // The key is what counts: see below.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
    });
    const settle = (linked: Either<MigrateError, Linked>): void => {
      clearTimeout(late);
      signal?.removeEventListener("abort", stop);
      resolve(linked);
    };
    const fail = (error: MigrateError): void => {
      socket.destroy();
      settle(E.left(error));
    };
    const stop = (): void => fail({ tag: "Aborted", phase: "surveying" });
    const late = setTimeout(
      () => fail({ tag: "Link", peer, reason: `no connection within ${HANDSHAKE_MS} ms` }),
      HANDSHAKE_MS,
    );
    signal?.addEventListener("abort", stop);
    if (signal?.aborted === true) stop();
    socket.once("error", (error: NodeJS.ErrnoException) =>
      fail({
        tag: "Link",
        peer,
        reason: `it can't be reached (${error.code ?? error.message})${advice(error)}`,
      }),
    );
    socket.once("close", () => fail({ tag: "Link", peer, reason: "it ended the connection" }));
    socket.once("secureConnect", () => {
      const key = keyOf(socket);
      if (key !== pinned || !isFresh(socket)) return fail({ tag: "Stranger", peer, key });
      socket.setNoDelay(true);
      settle(
        E.right({
          channel: new Channel(socket, { peer: name, ...(silence === undefined ? {} : { silence }) }),
          key,
        }),
      );
    });
  });

export interface ListenOptions extends LinkOptions {
  readonly address: Address;
  /** Whose calls are taken; all others are dropped without a word. */
  readonly peers: readonly Peer[];
  readonly serve: (linked: Linked) => void;
  /** Somebody called who is none of them. */
  readonly stranger: (from: string, key: PublicKey | null) => void;
}

export interface Listening {
  /** Where it does: the port that was given, or the one that was chosen for 0. */
  readonly address: Address;
  close(): void;
}

/** Those who have called and not shown yet who they are: strangers who never speak keep nobody out for long. */
const unknownCallers = (server: Server): { readonly shown: (socket: TLSSocket) => void } => {
  const endOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
  /** By where they call from, who came first first. */
  const callers = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const end = endOf(socket);
    callers.set(end, socket);
    socket.once("close", () => {
      if (callers.get(end) === socket) callers.delete(end);
    });
    const [first] = callers.values();
    if (callers.size > MOST_UNKNOWN) first!.destroy();
  });
  return { shown: (socket) => void callers.delete(endOf(socket)) };
};

/** Listens for peers. Left: why it can't; without pinned peers it does not. */
export const listenForPeers = (options: ListenOptions): Promise<Either<string, Listening>> => {
  const { address, identity, peers, serve, stranger, silence } = options;
  if (peers.length === 0)
    return Promise.resolve(
      E.left(
        "listening without pinned peers is refused: the configuration needs `peers`, each with name, address and key",
      ),
    );
  const server: Server = createServer({
    ...contextOf(identity),
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS,
  });
  const unknown = unknownCallers(server);
  const open = new Map<PublicKey, number>();
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("secureConnection", (socket) => {
    socket.on("error", () => socket.destroy());
    unknown.shown(socket);
    const key = keyOf(socket);
    const peer = peers.find((each) => each.key === key);
    if (peer === undefined || !isFresh(socket)) {
      stranger(socket.remoteAddress ?? "somebody who has gone", key);
      return void socket.destroy();
    }
    socket.setNoDelay(true);
    const channel = new Channel(socket, { peer: peer.name, ...(silence === undefined ? {} : { silence }) });
    const count = (open.get(peer.key) ?? 0) + 1;
    if (count > MOST_OF_A_PEER) {
      const reason = `${peer.name} has ${MOST_OF_A_PEER} connections to it already`;
      return void channel.send({ kind: "refused", name: "Crowded", reason }).then(() => channel.close());
    }
    open.set(peer.key, count);
    socket.once("close", () => open.set(peer.key, open.get(peer.key)! - 1));
    serve({ channel, key: peer.key });
  });
  return new Promise((resolve) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(E.left(`${addressText(address)} can't be listened at (${error.code ?? error.message})`)),
    );
    server.listen({ host: address.host, port: address.port }, () => {
      const { port } = server.address() as AddressInfo;
      resolve(E.right({ address: { ...address, port }, close: () => void server.close() }));
    });
  });
};
