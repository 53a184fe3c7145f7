// The shared suite, for either end of a pair and everything that carries it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { E } from "../../../lib/fp.ts";
import type { GateEnd, GateProvider, Message } from "../../../runtime/provider/gate/gate-provider.ts";
import { pairedTcpGate, pairedTcpListener } from "../../../runtime/provider/gate/tcp.ts";
import { pairedUnixGate, pairedUnixListener } from "../../../runtime/provider/gate/unix.ts";
import { freePort } from "../../free-port.ts";
import { right } from "../outcome.ts";
import { gateProviderSuite, type GatePeer } from "./gate-provider.suite.ts";
import { pairedPeer } from "./paired-peer.ts";

const retry = { tries: 200, first: 1, longest: 2 };
const host = "127.0.0.1";
type Setup = { provider: GateProvider; peer: GatePeer };

/** Where the called end listens, and how both are made. */
interface Place {
  readonly called: GateProvider;
  readonly caller: (name: string) => GateProvider;
}

const overTcp = async (): Promise<Place> => {
  const port = await freePort();
  return {
    called: pairedTcpListener({ name: "called", host, port, retry }),
    caller: (name) => pairedTcpGate({ name, host, port, retry }),
  };
};

const calling = (place: () => Promise<Place>) => async (): Promise<Setup> => {
  const { called, caller } = await place();
  const end = right(await called.open(null));
  return { provider: caller("here"), peer: pairedPeer(Promise.resolve(end)) };
};

/** The other end calls when this one opens first, and finds it again by itself. */
const called = (place: () => Promise<Place>) => async (): Promise<Setup> => {
  const { called: gate, caller } = await place();
  let opened!: (end: GateEnd) => void;
  const peer = pairedPeer(new Promise<GateEnd>((resolve) => (opened = resolve)));
  let first = true;
  const provider: GateProvider = {
    name: gate.name,
    async open(state) {
      const end = await gate.open(state);
      if (first && E.isRight(end)) opened(right(await caller("there").open(null)));
      first = false;
      return end;
    },
    close: () => gate.close(),
  };
  return { provider, peer };
};

describe("a pair of gates", () => {
  let folder: string;
  let sockets = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "pairs-"));
  });
  after(() => rm(folder, { recursive: true }));

  const overUnix = async (): Promise<Place> => {
    const path = join(folder, `${sockets++}`);
    return {
      called: pairedUnixListener({ name: "called", path, retry }),
      caller: (name) => pairedUnixGate({ name, path, retry }),
    };
  };
  const text = (number: number): string => `Nachricht ${number} ü\n\r\n`;
  const binary = (number: number): Uint8Array => new Uint8Array(1000).fill(number).fill(10, 3, 5);
  const mixed = (number: number): Message => (number % 2 === 0 ? text(number) : binary(number));

  describe("over TCP, the end that calls, as every provider", () =>
    gateProviderSuite({ setup: calling(overTcp), message: text }));
  describe("over TCP, the end that is called, as every provider", () =>
    gateProviderSuite({ setup: called(overTcp), message: mixed }));
  describe("over a Unix socket, the end that calls, as every provider", () =>
    gateProviderSuite({ setup: calling(overUnix), message: binary }));
  describe("over a Unix socket, the end that is called, as every provider", () =>
    gateProviderSuite({ setup: called(overUnix), message: mixed }));
});
