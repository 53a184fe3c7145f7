import { expect } from "chai";
import { existsSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Framing } from "../../../runtime/provider/gate/framing.ts";
import type { GateEnd, GateProvider } from "../../../runtime/provider/gate/gate-provider.ts";
import { unixGate, unixListener } from "../../../runtime/provider/gate/unix.ts";
import { left, leftTag, right } from "../outcome.ts";
import { Caller } from "./caller.ts";
import { callingPeer } from "./calling-peer.ts";
import { gateProviderSuite } from "./gate-provider.suite.ts";
import { serverPeer } from "./server-peer.ts";
import { TcpPeer } from "./tcp-peer.ts";

const retry = { tries: 3, first: 1, longest: 2 };

describe("Unix-socket gates", () => {
  let folder: string;
  const ends: GateEnd[] = [];
  const gates: GateProvider[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "gate-"));
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end.close();
    for (const gate of gates.splice(0)) gate.close();
    rmSync(folder, { recursive: true });
  });

  const socket = (name = "s"): string => join(folder, name);

  const listening = async (path = socket()): Promise<GateEnd> => {
    const gate = unixListener({ name: "door", path, framing: "line", retry });
    gates.push(gate);
    const end = right(await gate.open(null));
    ends.push(end);
    return end;
  };

  /** What a listener leaves behind that had no time to remove it: its socket, which nobody listens at. */
  const leaveStale = async (path: string): Promise<void> => {
    const server = createServer();
    await new Promise<void>((up) => void server.listen(`${path}.made`, up));
    // Only the name that it was made under is removed at the close.
    renameSync(`${path}.made`, path);
    await new Promise((closed) => server.close(closed));
  };

  describe("a client", () => {
    const setup = (framing: Framing) => async () => {
      const server = await TcpPeer.listen(socket());
      const provider = unixGate({ name: "pipe", path: socket(), framing, retry });
      return { provider, peer: serverPeer(server, framing) };
    };

    describe("as every provider, by lines", () =>
      gateProviderSuite({ setup: setup("line"), message: (number) => `Nachricht ${number} ü` }));
    describe("as every provider, by lengths", () =>
      gateProviderSuite({ setup: setup("length"), message: (number) => new Uint8Array(1000).fill(number) }));

    it("fault 30: a peer that is absent ends the opening after a bounded number of tries", async () => {
      const gate = unixGate({ name: "pipe", path: socket(), framing: "line", retry });
      expect(left(await gate.open(null))).to.deep.equal({
        tag: "Disconnected",
        gate: "pipe",
        reason: `ENOENT ${socket()}, after 3 tries`,
      });
      await leaveStale(socket());
      expect(left(await gate.open(null))).to.deep.include({
        reason: `ECONNREFUSED ${socket()}, after 3 tries`,
      });
    });
  });

  describe("a listener", () => {
    const setup = (framing: Framing) => async () => {
      const gate = unixListener({ name: "door", path: socket(), framing, retry });
      return callingPeer(gate, () => socket(), framing);
    };

    describe("as every provider, by lines", () =>
      gateProviderSuite({ setup: setup("line"), message: (number) => `Nachricht ${number} ü` }));
    describe("as every provider, by lengths", () =>
      gateProviderSuite({ setup: setup("length"), message: (number) => new Uint8Array(1000).fill(number) }));

    it("replaces a stale socket, and removes its own at the close", async () => {
      await leaveStale(socket());
      expect(existsSync(socket())).to.equal(true);
      const end = await listening();
      const caller = new Caller(socket());
      await caller.write("hello\n");
      expect(right(await end.receive())).to.equal("hello");
      await end.close();
      caller.socket.destroy();
      expect(existsSync(socket())).to.equal(false);
    });

    it("leaves a living listener's socket alone", async () => {
      const end = await listening();
      const other = unixListener({ name: "other", path: socket(), framing: "line", retry });
      expect(left(await other.open(null))).to.deep.equal({
        tag: "Io",
        code: "EADDRINUSE",
        what: `gate other: listening at ${socket()}`,
      });
      const caller = new Caller(socket());
      await caller.write("hello\n");
      expect(right(await end.receive())).to.equal("hello");
      caller.socket.destroy();
    });

    it("leaves a file, and a link to whatever, alone", async () => {
      writeFileSync(socket("file"), "precious");
      await leaveStale(socket("stale"));
      symlinkSync(socket("stale"), socket("link"));
      for (const name of ["file", "link"]) {
        const gate = unixListener({ name: "door", path: socket(name), framing: "line", retry });
        expect(left(await gate.open(null))).to.deep.equal({
          tag: "InvalidPath",
          path: socket(name),
          reason: "something that is no socket stands there already",
        });
      }
      expect(existsSync(socket("file"))).to.equal(true);
      expect(existsSync(socket("stale"))).to.equal(true);
    });

    it("names a folder that is not there", async () => {
      const gate = unixListener({ name: "door", path: socket("a/b"), framing: "line", retry });
      expect(leftTag(await gate.open(null))).to.equal("Io");
    });
  });

  it("refuse a path that is too long for a socket, to the byte", async () => {
    const fits = socket("x".repeat(107 - folder.length - 1));
    await listening(fits);
    const long = `${fits}y`;
    for (const make of [unixGate, unixListener])
      expect(left(await make({ name: "door", path: long, framing: "line", retry }).open(null))).to.deep.equal(
        {
          tag: "InvalidPath",
          path: long,
          reason: "a socket's path has at most 107 bytes, and this one 108",
        },
      );
    const umlauts = socket("ü".repeat(60));
    expect(leftTag(await unixGate({ name: "door", path: umlauts, framing: "line" }).open(null))).to.equal(
      "InvalidPath",
    );
  });
});
