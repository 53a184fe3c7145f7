// What every gate provider owes its callers, tried on this one. The other side is the program: it posts, and sees what
// was sent.
import { gateProviderSuite } from "cryonode/provider-suite";
import { ringGate } from "./ring-gate.ts";

const setup = async () => {
  const provider = ringGate("news", 500);
  return {
    provider,
    peer: {
      say: async (message: string | Uint8Array) => provider.post(message),
      heard: async (count: number) => provider.sent.slice(0, count),
      close: async () => {},
    },
  };
};

describe("the ring gate, as every provider, with text", () =>
  gateProviderSuite({ setup, message: (number) => `message ${number}` }));
describe("the ring gate, as every provider, with bytes", () =>
  gateProviderSuite({ setup, message: (number) => new Uint8Array([number & 255, number >> 8]) }));
