// Bodies that go in pieces through an HTTP gate: of any length, and held by nobody.
import { createHash, randomFillSync } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import type {
  GateEnd,
  GateProvider,
  GateState,
  Message,
} from "../../../runtime/provider/gate/gate-provider.ts";
import { httpGate, type HttpOptions } from "../../../runtime/provider/gate/http.ts";
import { left, leftTag, right } from "../outcome.ts";

const MEBIBYTE = 1024 * 1024;
const retry = { tries: 3, first: 1, longest: 2 };
const sha256 = (): ReturnType<typeof createHash> => createHash("sha256");

describe("an HTTP gate, in pieces", () => {
  const servers: Server[] = [];
  const gates: GateProvider[] = [];

  const listen = (serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> => {
    const server = createServer(serve);
    servers.push(server);
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    });
  };
  const gateTo = (port: number, options: Partial<HttpOptions> = {}): GateProvider => {
    const gate = httpGate({ name: "web", host: "127.0.0.1", port, retry, ...options });
    gates.push(gate);
    return gate;
  };
  const openTo = async (port: number, options: Partial<HttpOptions> = {}): Promise<GateEnd> =>
    right(await gateTo(port, options).open(null));
  const ask = (method: string, path: string, rest: object): string =>
    JSON.stringify({ method, path, ...rest });
  const read = async (end: GateEnd): Promise<Message> => right(await end.receive());
  const head = async (end: GateEnd): Promise<{ status: number; body?: string; download?: boolean }> =>
    JSON.parse((await read(end)) as string) as never;
  /** The pieces up to the empty one. */
  const body = async (end: GateEnd, each: (piece: Uint8Array) => void): Promise<number> => {
    for (let pieces = 0; ; pieces++) {
      const piece = await read(end);
      if (piece.length === 0) return pieces;
      each(piece as Uint8Array);
    }
  };
  const passes = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await new Promise((pass) => setImmediate(pass));
  };
  /** Until a count has begun to grow and grows no more. */
  const still = async (count: () => number): Promise<void> => {
    for (let last = -1; last !== count() || last === 0;) {
      last = count();
      await passes(50);
    }
  };
  /** The state of an end that is frozen now. */
  const frozen = async (end: GateEnd): Promise<GateState> => {
    end.suspend();
    const state = await end.capture();
    await end.close();
    return state;
  };

  afterEach(async () => {
    for (const gate of gates.splice(0)) gate.close();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  });

  it("receives a body of many MiB, whole and in pieces of 64 KiB at most", async () => {
    const block = randomFillSync(new Uint8Array(MEBIBYTE));
    const blocks = 24;
    const port = await listen((_, response) => {
      let rest = blocks;
      const more = (): void => {
        if (rest-- > 0) response.write(block, more);
        else response.end();
      };
      more();
    });
    const end = await openTo(port);
    right(await end.send(ask("GET", "/large", { download: true })));
    expect(await head(end)).to.deep.include({ status: 200, download: true });
    const [theirs, ours] = [sha256(), sha256()];
    for (let i = 0; i < blocks; i++) theirs.update(block);
    let largest = 0;
    await body(end, (piece) => {
      largest = Math.max(largest, piece.length);
      ours.update(piece);
    });
    expect(largest).to.be.at.most(65536);
    expect(ours.digest("hex")).to.equal(theirs.digest("hex"));
    // The next request goes as ever.
    right(await end.send(ask("GET", "/", { download: true })));
    expect((await head(end)).status).to.equal(200);
  });

  it("back-pressure: a server whose body nobody receives has to wait", async () => {
    const block = new Uint8Array(MEBIBYTE);
    let written = 0;
    const blocks = 64;
    const port = await listen((_, response) => {
      const more = (): void => {
        if (written === blocks) return void response.end();
        response.write(block, () => {
          written += 1;
          more();
        });
      };
      more();
    });
    const end = await openTo(port);
    right(await end.send(ask("GET", "/", { download: true })));
    await still(() => written);
    expect(written).to.be.below(blocks);
    await head(end);
    let bytes = 0;
    await body(end, (piece) => (bytes += piece.length));
    expect([written, bytes]).to.deep.equal([blocks, blocks * MEBIBYTE]);
  });

  it("sends a body of many MiB, with a length and without", async () => {
    const port = await listen((request, response) => {
      const hash = sha256();
      request.on("data", (chunk: Buffer) => hash.update(chunk));
      request.on("end", () =>
        response.end(
          `${request.headers["content-length"] ?? request.headers["transfer-encoding"]} ${hash.digest("hex")}`,
        ),
      );
    });
    const end = await openTo(port);
    const piece = randomFillSync(new Uint8Array(MEBIBYTE));
    const pieces = 24;
    const hash = sha256();
    for (let i = 0; i < pieces; i++) hash.update(piece);
    const digest = hash.digest("hex");
    for (const upload of [true, pieces * MEBIBYTE]) {
      right(await end.send(ask("PUT", "/large", { upload })));
      for (let i = 0; i < pieces; i++) right(await end.send(piece));
      right(await end.send(""));
      expect((await head(end)).body).to.equal(`${upload === true ? "chunked" : upload} ${digest}`);
    }
  });

  it("back-pressure: a server that does not read makes the sender wait", async () => {
    let go!: () => void;
    let got = 0;
    const port = await listen((request, response) => {
      go = () =>
        request.on("data", (chunk: Buffer) => (got += chunk.length)).on("end", () => response.end("done"));
    });
    const end = await openTo(port);
    right(await end.send(ask("POST", "/", { upload: true })));
    const pieces = 64;
    let taken = 0;
    const sending = (async () => {
      for (let i = 0; i < pieces; i++) {
        right(await end.send(new Uint8Array(MEBIBYTE)));
        taken += 1;
      }
      right(await end.send(new Uint8Array(0)));
    })();
    await still(() => taken);
    expect(taken).to.be.below(pieces);
    go();
    await sending;
    expect((await head(end)).body).to.equal("done");
    expect(got).to.equal(pieces * MEBIBYTE);
  });

  it("both at once: what is sent in pieces comes back in pieces", async () => {
    const port = await listen((request, response) => request.pipe(response));
    const end = await openTo(port);
    right(await end.send(ask("POST", "/echo", { upload: true, download: true })));
    const parts: string[] = [];
    for (const text of ["one ", "two ", "ü"]) right(await end.send(text));
    right(await end.send(""));
    await head(end);
    await body(end, (piece) => parts.push(Buffer.from(piece).toString("latin1")));
    expect(Buffer.from(parts.join(""), "latin1").toString()).to.equal("one two ü");
  });

  it("an answer before the body was whole: the rest is nobody's concern", async () => {
    const port = await listen((_, response) => response.writeHead(413).end("too much"));
    const end = await openTo(port);
    right(await end.send(ask("POST", "/", { upload: true })));
    for (let unread = 0; unread === 0;) {
      right(await end.send("x".repeat(1000)));
      end.suspend();
      unread = (await end.capture()).unread.length;
      end.resume();
    }
    right(await end.send("more"));
    right(await end.send(""));
    expect(await head(end)).to.deep.include({ status: 413, body: "too much" });
    right(await end.send(ask("GET", "/", {})));
    expect((await head(end)).status).to.equal(413);
  });

  it("no request before the last body was received to its end", async () => {
    const port = await listen((_, response) => response.end("body"));
    const end = await openTo(port);
    right(await end.send(ask("GET", "/", { download: true })));
    expect(left(await end.send(ask("GET", "/", {})))).to.deep.include({
      tag: "InvalidArgument",
      actual: "a request",
    });
    await head(end);
    await body(end, () => {});
    right(await end.send(ask("GET", "/", {})));
    expect((await head(end)).body).to.equal("body");
  });

  it("a body that is not as long as was said: refused, and the request breaks off", async () => {
    let aborted = 0;
    const port = await listen((request, response) => {
      request
        .on("error", () => (aborted += 1))
        .on("data", () => {})
        .on("end", () => response.end("whole"));
    });
    const end = await openTo(port);
    right(await end.send(ask("PUT", "/", { upload: 3 })));
    expect(left(await end.send("four"))).to.deep.include({ tag: "InvalidArgument", actual: "4" });
    right(await end.send(ask("PUT", "/", { upload: 3 })));
    right(await end.send("ab"));
    expect(left(await end.send(""))).to.deep.include({ tag: "InvalidArgument", actual: "2" });
    right(await end.send(ask("PUT", "/", { upload: 0 })));
    right(await end.send(""));
    expect((await head(end)).body).to.equal("whole");
    expect(aborted).to.be.at.most(2);
  });

  it("a body that breaks off: what came is received, then Disconnected, once", async () => {
    const port = await listen((request, response) => {
      if (request.url === "/") return void response.end("fine");
      response.writeHead(200, { "content-length": 100 });
      response.write("half", () => setImmediate(() => response.destroy()));
    });
    const end = await openTo(port);
    right(await end.send(ask("GET", "/half", { download: true })));
    await head(end);
    expect(String(Buffer.from((await read(end)) as Uint8Array))).to.equal("half");
    const error = left(await end.receive());
    expect(error).to.include({ tag: "Disconnected", gate: "web" });
    expect((error as { reason: string }).reason).to.match(
      /^the answer to GET \/half broke off after 4 bytes: /,
    );
    right(await end.send(ask("GET", "/", {})));
    expect((await head(end)).body).to.equal("fine");
  });

  it("fault 30: a server that goes while pieces are sent: the sender hears of it", async () => {
    const port = await listen((request) => request.socket.destroy());
    const end = await openTo(port);
    right(await end.send(ask("PUT", "/", { upload: true })));
    let answer = await end.send("x".repeat(1000));
    while (E.isRight(answer)) answer = await end.send("x".repeat(1000));
    expect(answer.left).to.include({ tag: "Disconnected" });
    expect(JSON.stringify(answer.left)).to.contain("whether it was carried out is unknown");
  });

  it("fault 30: an absent server: so many tries, then Disconnected, and pieces that follow are refused", async () => {
    const port = await listen(() => {});
    await new Promise((closed) => servers.pop()!.close(closed));
    const end = await openTo(port);
    const answers = await Promise.all([
      end.send(ask("PUT", "/", { upload: true })),
      end.send("a"),
      end.send(""),
    ]);
    expect(left(answers[0])).to.deep.equal({
      tag: "Disconnected",
      gate: "web",
      reason: `ECONNREFUSED 127.0.0.1:${port}, after 3 tries`,
    });
    expect(answers.slice(1).map(leftTag)).to.deep.equal(["Closed", "Closed"]);
  });

  it("a silent server: Disconnected after so long without progress", async () => {
    const port = await listen((request, response) => {
      if (request.url === "/") response.writeHead(200).write("a");
    });
    const end = await openTo(port, { within: 1000 });
    expect(left(await end.send(ask("GET", "/never", { download: true })))).to.include({
      tag: "Disconnected",
    });
    right(await end.send(ask("GET", "/", { download: true })));
    await head(end);
    await read(end);
    expect(left(await end.receive()))
      .to.have.property("reason")
      .that.contains("nothing came for 1000 ms");
  });

  describe("frozen", () => {
    it("in the middle of an answer: what had come is received, then that it was cut; the host says so", async () => {
      const port = await listen((request, response) => {
        if (request.url === "/") return void response.end("fine");
        response.write("begun");
      });
      const end = await openTo(port);
      right(await end.send(ask("GET", "/long", { download: true })));
      await head(end);
      await passes(20);
      const state = await frozen(end);
      const next = right(await gateTo(port).open(state));
      expect(next.changed).to.equal(
        "the answer to GET /long broke off after 5 bytes: it was cut by a freeze",
      );
      expect(left(await next.send(ask("GET", "/", {})))).to.include({ tag: "Disconnected" });
      expect(String(Buffer.from((await read(next)) as Uint8Array))).to.equal("begun");
      expect(left(await next.receive())).to.include({ tag: "Disconnected", reason: next.changed });
      right(await next.send(ask("GET", "/", {})));
      expect((await head(next)).body).to.equal("fine");
    });

    it("when all of an answer had come: it is received to its end, without the server", async () => {
      const port = await listen((_, response) => response.end("all of it"));
      const end = await openTo(port);
      right(await end.send(ask("GET", "/", { download: true })));
      for (let unread = 0; unread < 3;) {
        await passes(1);
        end.suspend();
        unread = (await end.capture()).unread.length;
        end.resume();
      }
      const state = await frozen(end);
      expect(state).to.not.have.property("parted");
      const next = right(await gateTo(port).open(state));
      await head(next);
      const parts: string[] = [];
      await body(next, (piece) => parts.push(String(Buffer.from(piece))));
      expect(parts.join("")).to.equal("all of it");
    });

    it("between two pieces of a request: the next one hears that it was cut", async () => {
      const heard: string[] = [];
      const port = await listen((request, response) => {
        request.on("error", () => {});
        request
          .on("data", (chunk: Buffer) => heard.push(String(chunk)))
          .on("end", () => response.end("whole"));
      });
      const end = await openTo(port);
      right(await end.send(ask("POST", "/", { upload: true })));
      right(await end.send("first"));
      const state = await frozen(end);
      const next = right(await gateTo(port).open(state));
      expect(left(await next.send("second"))).to.deep.equal({
        tag: "Disconnected",
        gate: "web",
        reason: "a request was cut by a freeze before it was whole; whether it was carried out is unknown",
      });
      right(await next.send(ask("POST", "/", { body: "again" })));
      expect((await head(next)).body).to.equal("whole");
      expect(heard.filter((text) => text === "second")).to.deep.equal([]);
    });
  });
});
