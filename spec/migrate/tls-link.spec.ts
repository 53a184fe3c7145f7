// Who may speak over the command channel: hosts whose keys are pinned, on both ends, and nobody is listened to before.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { connect as connectPlain, createServer, type AddressInfo } from "node:net";
import { Duplex } from "node:stream";
import { connect } from "node:tls";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { signer } from "../../runtime/image/signer.ts";
import { makeIdentity, type TlsIdentity } from "../../runtime/migrate/certificate.ts";
import { Channel } from "../../runtime/migrate/channel.ts";
import type { Linked } from "../../runtime/migrate/mig-thread.ts";
import { parseAddress, type Peer } from "../../runtime/migrate/peer.ts";
import { dialPeer, listenForPeers, type Listening } from "../../runtime/migrate/tls-link.ts";

interface Someone {
  readonly identity: TlsIdentity;
  readonly key: Peer["key"];
}

const someone = async (): Promise<Someone> => {
  const { privateKey } = generateKeyPairSync("ed25519") as { privateKey: KeyObject };
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  return { identity: await makeIdentity(pem), key: signer(privateKey).publicKey };
};

describe("the link of the command channel", () => {
  let host: Someone;
  let friend: Someone;
  let stranger: Someone;
  let listening: Listening;
  const served: Linked[] = [];
  const strangers: (string | null)[] = [];
  let heard: () => void = () => {};

  before(async () => {
    [host, friend, stranger] = await Promise.all([someone(), someone(), someone()]);
    const listened = await listenForPeers({
      address: { host: "127.0.0.1", port: 0 },
      identity: host.identity,
      peers: [{ name: "friend", address: { host: "127.0.0.1", port: 1 }, key: friend.key, may: [] }],
      serve: (linked) => {
        served.push(linked);
        heard();
      },
      stranger: (_from, key) => {
        strangers.push(key);
        heard();
      },
    });
    if (E.isLeft(listened)) throw new Error(listened.left);
    listening = listened.right;
  });
  after(() => {
    for (const { channel } of served) channel.cut();
    listening.close();
  });
  beforeEach(() => {
    served.length = 0;
    strangers.length = 0;
  });

  const next = (): Promise<void> => new Promise((resolve) => (heard = resolve));
  const peer = (key: Peer["key"]): Peer => ({ name: "host", address: listening.address, key, may: [] });

  it("is open to a pinned key, compared on both ends, and carries messages", async () => {
    const there = next();
    const linked = await dialPeer(peer(host.key), { identity: friend.identity });
    if (E.isLeft(linked)) throw new Error(JSON.stringify(linked.left));
    await there;
    expect(served[0]!.key).to.equal(friend.key);
    const [mine, theirs] = await Promise.all([
      linked.right.channel.greet("a friend"),
      served[0]!.channel.greet("a host"),
    ]);
    expect([mine, theirs]).to.deep.equal([E.right("a host"), E.right("a friend")]);
    linked.right.channel.close();
  });

  it("fault 22: is closed to a key that is not pinned, and to whoever shows none", async () => {
    const there = next();
    void dialPeer(peer(host.key), { identity: stranger.identity });
    await there;
    const again = next();
    connect({ host: "127.0.0.1", port: listening.address.port, rejectUnauthorized: false }).on(
      "error",
      () => {},
    );
    await again;
    expect(strangers).to.deep.equal([stranger.key, null]);
    expect(served).to.deep.equal([]);
  });

  it("fault 22: is not made with whoever answers in a pinned host's place", async () => {
    const linked = await dialPeer(peer(stranger.key), { identity: friend.identity });
    expect(linked).to.deep.equal(
      E.left({ tag: "Stranger", peer: `host at 127.0.0.1:${listening.address.port}`, key: host.key }),
    );
  });

  it("is not spoken in an older TLS, nor in the clear", async () => {
    const { port } = listening.address;
    const older = connect({ host: "127.0.0.1", port, maxVersion: "TLSv1.2", rejectUnauthorized: false });
    const refused = await new Promise((resolve) => older.on("error", resolve));
    expect(refused).to.be.instanceOf(Error);
    const plain = connectPlain({ host: "127.0.0.1", port });
    plain.on("error", () => {});
    plain.write(Buffer.alloc(64, 1));
    await new Promise<void>((resolve) => plain.on("close", () => resolve()));
    expect(served).to.deep.equal([]);
  });

  it("gives nobody a session that could be taken up again", async () => {
    let sessions = 0;
    const socket = connect({
      ...{ host: "127.0.0.1", port: listening.address.port, rejectUnauthorized: false },
      ...{ key: friend.identity.key, cert: friend.identity.cert },
    });
    socket.on("session", () => (sessions += 1));
    const there = next();
    await new Promise<void>((resolve) => socket.once("secureConnect", () => resolve()));
    await there;
    const session = socket.getSession();
    socket.destroy();
    const again = connect({
      ...{ host: "127.0.0.1", port: listening.address.port, rejectUnauthorized: false },
      ...{ key: friend.identity.key, cert: friend.identity.cert },
      ...(session === undefined ? {} : { session }),
    });
    again.on("error", () => {});
    await new Promise<void>((resolve) => {
      again.once("secureConnect", () => resolve());
      again.once("close", () => resolve());
    });
    expect(again.isSessionReused()).to.equal(false);
    again.destroy();
    expect(sessions).to.equal(0);
  });

  it("fault 40: is not waited for any longer by whoever stops, neither to be opened nor to take something up", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const stop = new AbortController();
    silent.once("connection", () => stop.abort());
    const nobody: Peer = { name: "nobody", address: { host: "127.0.0.1", port }, key: host.key, may: [] };
    const dialled = await dialPeer(nobody, { identity: friend.identity, signal: stop.signal });
    expect(dialled).to.have.nested.property("left.tag", "Aborted");
    silent.close();

    const stuck = new Duplex({ read() {}, write() {} });
    const channel = new Channel(stuck, { peer: "nobody", silence: 100_000 });
    const sent = channel.send({ kind: "chunks", stored: [1], pages: [1] }, new Uint8Array(1 << 20));
    channel.hurry();
    await sent;
    await channel.send({ kind: "alive" });
    channel.cut();
  });

  it("fault 17: is open to a peer while strangers hold as many connections as they like, and never speak", async () => {
    const silent = Array.from({ length: 200 }, () =>
      connectPlain(listening.address.port, "127.0.0.1").on("error", () => {}),
    );
    await Promise.all(silent.map((socket) => new Promise((settled) => socket.once("connect", settled))));
    const linked = await dialPeer(peer(host.key), { identity: friend.identity });
    expect(linked).to.satisfy(E.isRight);
    if (E.isRight(linked)) linked.right.channel.cut();
    for (const socket of silent) socket.destroy();
  });

  it("fault 17: has 32 connections of a peer, and refuses the next by name", async () => {
    const all = await Promise.all(
      Array.from({ length: 33 }, () => dialPeer(peer(host.key), { identity: friend.identity })),
    );
    const channels = all.map((linked) => {
      if (E.isLeft(linked)) throw new Error(JSON.stringify(linked.left));
      return linked.right.channel;
    });
    const refused = await Promise.race(channels.map((channel) => channel.next(["hello"])));
    expect(refused).to.deep.include({
      left: {
        ...{ tag: "Refused", peer: "host", name: "Crowded" },
        reason: "friend has 32 connections to it already",
      },
    });
    for (const channel of channels) channel.cut();
  });

  it("does not listen where no peer is pinned", async () => {
    const refused = await listenForPeers({
      ...{ address: { host: "127.0.0.1", port: 0 }, identity: host.identity, peers: [] },
      ...{ serve: () => {}, stranger: () => {} },
    });
    expect(refused)
      .to.have.property("left")
      .that.matches(/^listening without pinned peers is refused/);
  });

  it("has addresses of hosts and ports, and of nothing else", () => {
    expect(parseAddress("127.0.0.1:7700")).to.deep.equal({ host: "127.0.0.1", port: 7700 });
    expect(parseAddress("[::1]:7700")).to.deep.equal({ host: "::1", port: 7700 });
    for (const wrong of ["", "here", "here:", ":7", "here:99999", "::1:7", "a b:7", "here:7x"])
      expect(parseAddress(wrong), wrong).to.equal(null);
  });
});
