// Another host that this one knows: its name here, where it listens, and the key that it must show.
import { E, type Either } from "../../lib/fp.ts";
import type { PeerRight } from "../host/peer-right.ts";
import { didYouMean, nearest } from "../nearest.ts";
import type { PublicKey } from "../image/public-key.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface Peer {
  readonly name: string;
  readonly address: Address;
  readonly key: PublicKey;
  /** What it may tell this host to do. */
  readonly may: readonly PeerRight[];
}

/** `HOST:PORT`, an IPv6 address in brackets; null where it is none. */
export const parseAddress = (text: string): Address | null => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  return match === null || port > 65535 ? null : { host: match[1] ?? match[2]!, port };
};

export const addressText = ({ host, port }: Address): string =>
  host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;

/** Nobody of this name, at this address, is pinned. */
export interface NoSuchPeer {
  readonly tag: "NoSuchPeer";
  readonly to: string;
  readonly known: readonly string[];
}

/** The peer that is meant by its name, or by its address. */
export const findPeer = (peers: readonly Peer[], to: string): Either<NoSuchPeer, Peer> => {
  const found = peers.find(({ name, address }) => name === to || addressText(address) === to);
  if (found !== undefined) return E.right(found);
  return E.left({
    tag: "NoSuchPeer",
    to,
    known: peers.map(({ name, address }) => `${name} (${addressText(address)})`),
  });
};

/** One sentence for people. */
export const noSuchPeerProse = ({ to, known }: NoSuchPeer): string =>
  `no peer is pinned as ${JSON.stringify(to)}; ` +
  (known.length === 0
    ? "the configuration has no `peers`, each with name, address and key"
    : `the configuration's peers are ${known.join(", ")}${didYouMean(
        nearest(
          to,
          known.map((each) => each.split(" ")[0]!),
        ),
      )}`);
