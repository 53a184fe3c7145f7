import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import type { GateEnd, GateProvider } from "../../../runtime/provider/gate/gate-provider.ts";
import type { ListeningGate } from "../../../runtime/provider/gate/stream-gate.ts";
import { pairedTcpGate, pairedTcpListener } from "../../../runtime/provider/gate/tcp.ts";
import { right } from "../outcome.ts";
import { gateProviderSuite, type GatePeer } from "./gate-provider.suite.ts";
import { pairedPeer } from "./paired-peer.ts";

const retry = { tries: 200, first: 1, longest: 2 };
const host = "127.0.0.1";
type Setup = { provider: GateProvider; peer: GatePeer };

const listening = async (): Promise<{ gate: ListeningGate; end: GateEnd; port: number }> => {
  const gate = pairedTcpListener({ name: "there", host, port: 0, retry });
  const end = right(await gate.open(null));
  return { gate, end, port: gate.port! };
};

const calling = async (): Promise<Setup> => {
  const { end, port } = await listening();
  return {
    provider: pairedTcpGate({ name: "here", host, port, retry }),
    peer: pairedPeer(Promise.resolve(end)),
  };
};

/** The other end calls when this one opens first, and finds it again by itself. */
const called = async (): Promise<Setup> => {
  const { gate: probe, end: probed, port } = await listening();
  await probed.close();
  probe.close();
  const gate = pairedTcpListener({ name: "here", host, port, retry });
  const there = pairedTcpGate({ name: "there", host, port, retry });
  let opened!: (end: GateEnd) => void;
  const peer = pairedPeer(new Promise<GateEnd>((resolve) => (opened = resolve)));
  let first = true;
  const provider: GateProvider = {
    name: gate.name,
    async open(state) {
      const end = await gate.open(state);
      if (first && E.isRight(end)) opened(right(await there.open(null)));
      first = false;
      return end;
    },
    close: () => gate.close(),
  };
  return { provider, peer };
};

describe("a pair of gates", () => {
  const text = (number: number): string => `Nachricht ${number} ü\n\r\n`;
  const binary = (number: number): Uint8Array => new Uint8Array(1000).fill(number).fill(10, 3, 5);
  describe("the end that calls, as every provider, with text", () =>
    gateProviderSuite({ setup: calling, message: text }));
  describe("the end that calls, as every provider, with bytes", () =>
    gateProviderSuite({ setup: calling, message: binary }));
  describe("the end that is called, as every provider", () =>
    gateProviderSuite({
      setup: called,
      message: (number) => (number % 2 === 0 ? text(number) : binary(number)),
    }));
});
