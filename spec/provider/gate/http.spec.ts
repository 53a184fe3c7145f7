import { expect } from "chai";
import { E } from "../../../lib/fp.ts";
import type { SessionError } from "../../../lib/error.ts";
import type { GateEnd, GateProvider, Message } from "../../../runtime/provider/gate/gate-provider.ts";
import { httpGate, type HttpOptions } from "../../../runtime/provider/gate/http.ts";
import { freePort } from "../../free-port.ts";
import { left, leftTag, right } from "../outcome.ts";
import { gateProviderSuite, type GatePeer } from "./gate-provider.suite.ts";
import { HttpPeer, type Heard } from "./http-peer.ts";

const retry = { tries: 3, first: 1, longest: 2 };

interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ask = (method: string, path: string, rest: object = {}): string =>
  JSON.stringify({ method, path, ...rest });

describe("an HTTP gate", () => {
  const gates: GateProvider[] = [];
  const peers: HttpPeer[] = [];

  const listen = async (...[respond, port]: Parameters<typeof HttpPeer.listen>): Promise<HttpPeer> => {
    const peer = await HttpPeer.listen(respond, port);
    peers.push(peer);
    return peer;
  };
  const openTo = async (port: number, options: Partial<HttpOptions> = {}): Promise<GateEnd> => {
    const gate = httpGate({ name: "web", host: "127.0.0.1", port, retry, ...options });
    gates.push(gate);
    return right(await gate.open(null));
  };
  const received = async (end: GateEnd): Promise<Received> =>
    JSON.parse(right(await end.receive()) as string) as Received;
  const call = async (end: GateEnd, message: Message): Promise<Received> => {
    right(await end.send(message));
    return received(end);
  };
  /** A server that answers with what it heard. */
  const mirror = (): Promise<HttpPeer> =>
    listen(({ method, path, body }, response) => response.end(`${method} ${path} ${String(body)}`.trimEnd()));

  afterEach(async () => {
    for (const gate of gates.splice(0)) gate.close();
    for (const peer of peers.splice(0)) await peer.close();
  });

  /** A server for the suite: it answers the body back, and `heard` are the bodies. */
  const echo = (framed: (body: Buffer) => Message) => async () => {
    const server = await HttpPeer.listen(({ body }, response) => {
      response.sendDate = false;
      response.end(body);
    });
    const provider = httpGate({
      name: "web",
      host: "127.0.0.1",
      port: server.port,
      retry,
      bound: { messages: 1000, bytes: 2 ** 20 },
    });
    const peer: GatePeer = {
      say: () => Promise.reject(new Error("a server does not speak unasked")),
      heard: async (count) => {
        await server.until(count);
        return server.heard.slice(0, count).map(({ body }) => framed(body));
      },
      close: () => server.close(),
    };
    return { provider, peer };
  };
  const answered = (length: number): object => ({
    status: 200,
    headers: { "content-length": String(length) },
  });
  const text = (number: number): string => `Nachricht ${number} ü`;
  const binary = (number: number): Uint8Array => new Uint8Array(100).fill(255).fill(number & 255, 1, 50);
  const withHead = (head: object, body: Uint8Array): Uint8Array =>
    new Uint8Array(Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]));

  describe("as every provider, with text", () => {
    const message = (number: number): string => ask("PUT", "/echo", { body: text(number) });
    gateProviderSuite({
      setup: echo((body) => ask("PUT", "/echo", { body: String(body) })),
      message,
      answer: (number) =>
        JSON.stringify({ ...answered(Buffer.byteLength(text(number))), body: text(number) }),
    });
  });
  describe("as every provider, with bytes", () => {
    const head = { method: "PUT", path: "/echo" };
    gateProviderSuite({
      setup: echo((body) => withHead(head, body)),
      message: (number) => withHead(head, binary(number)),
      answer: (number) => withHead(answered(100), binary(number)),
    });
  });

  it("hands over method, path, headers and body, and brings status, headers and body back", async () => {
    const server = await listen((_, response) => {
      response.writeHead(418, { "X-Pot": "tea", "Set-Cookie": ["a=1", "b=2"] });
      response.end("short and stout");
    });
    const end = await openTo(server.port);
    const answer = await call(
      end,
      ask("POST", "/pots?q=%20", { headers: { "X-Cup": "1", "Content-Type": "text/plain" }, body: "ü" }),
    );
    expect(answer).to.deep.include({ status: 418, body: "short and stout" });
    expect(answer.headers).to.deep.include({ "x-pot": "tea", "set-cookie": ["a=1", "b=2"] });
    const [heard] = server.heard;
    expect(heard).to.include({ method: "POST", path: "/pots?q=%20" });
    expect(heard?.headers).to.deep.include({
      host: `127.0.0.1:${server.port}`,
      "x-cup": "1",
      "content-type": "text/plain",
      "content-length": "2",
    });
    expect(String(heard?.body)).to.equal("ü");
  });

  it("answers a send when the answer is unread, so a freeze that waited for it has it", async () => {
    const server = await mirror();
    const gate = httpGate({ name: "web", host: "127.0.0.1", port: server.port, retry });
    gates.push(gate);
    const end = right(await gate.open(null));
    right(await end.send(ask("GET", "/a")));
    end.suspend();
    const state = await end.capture();
    expect(state).to.include({ sent: 1, received: 0 });
    await end.close();
    await server.close();
    // Without the server: the answer is in the state.
    const next = right(await gate.open(state));
    expect(await received(next)).to.include({ status: 200, body: "GET /a" });
  });

  it("asks one after the other, and answers in order, however long each takes", async () => {
    const held: (() => void)[] = [];
    const server = await listen(({ path }, response) => {
      held.push(() => response.end(path));
    });
    const end = await openTo(server.port);
    const sends = ["/1", "/2", "/3"].map(async (path) => end.send(ask("GET", path)));
    for (let i = 1; i <= 3; i++) {
      await server.until(i);
      expect(server.heard.length).to.equal(i);
      held[i - 1]?.();
      right((await sends[i - 1]) as E.Either<SessionError, void>);
      expect((await received(end)).body).to.equal(`/${i}`);
    }
    expect(new Set(server.heard.map(({ socket }) => socket)).size).to.equal(1);
  });

  it("reads bodies that come in pieces, and none where there is none", async () => {
    const server = await listen(({ method, path }, response) => {
      if (path === "/none") return void response.writeHead(204).end();
      response.writeHead(200, { "content-length": path === "/large" ? 2 ** 40 : 6 });
      if (method === "HEAD") return void response.end();
      response.write("abc");
      setImmediate(() => response.end("def"));
    });
    const end = await openTo(server.port);
    expect(await call(end, ask("GET", "/pieces"))).to.include({ body: "abcdef" });
    expect(await call(end, ask("GET", "/none"))).to.include({ status: 204, body: "" });
    const head = await call(end, ask("HEAD", "/large"));
    expect(head).to.include({ status: 200, body: "" });
    expect(head.headers["content-length"]).to.equal(String(2 ** 40));
  });

  it("follows no redirection, and shows where it leads", async () => {
    const other = await mirror();
    const server = await listen((_, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${other.port}/` }).end();
    });
    const end = await openTo(server.port);
    const { status, headers } = await call(end, ask("GET", "/"));
    expect([status, headers["location"]]).to.deep.equal([302, `http://127.0.0.1:${other.port}/`]);
    expect(other.heard).to.deep.equal([]);
  });

  describe("refuses, and sends nothing, when the message", () => {
    const rows: readonly (readonly [what: string, message: Message, place: string, actual: string])[] = [
      ["is no JSON", "GET /", "message", '"GET /"'],
      ["is no object", "[]", "message", "[]"],
      ["has an unknown key", ask("GET", "/", { header: {} }), "message", '"header"'],
      ["has no method", '{"path":"/"}', "message.method", "missing"],
      ["would connect elsewhere", ask("CONNECT", "/"), "message.method", '"CONNECT"'],
      ["has a method in lower case", ask("get", "/"), "message.method", '"get"'],
      ["has no path", '{"method":"GET"}', "message.path", "missing"],
      ["names an origin", ask("GET", "http://a.example/"), "message.path", '"http://a.example/"'],
      ["names an origin without a scheme", ask("GET", "//a.example/"), "message.path", '"//a.example/"'],
      ["has a relative path", ask("GET", "a"), "message.path", '"a"'],
      ["has a fragment", ask("GET", "/a#b"), "message.path", '"/a#b"'],
      ["has a path that ends the line", ask("GET", "/a b\r\nX: y"), "message.path", '"/a b\\r\\nX: y"'],
      [
        "has a header that is no name",
        ask("GET", "/", { headers: { "a b": "" } }),
        "message.headers",
        '"a b"',
      ],
      ["names a host", ask("GET", "/", { headers: { Host: "a" } }), "message.headers", '"Host"'],
      [
        "smuggles a length",
        ask("POST", "/", { headers: { "Transfer-Encoding": "chunked" } }),
        "message.headers",
        '"Transfer-Encoding"',
      ],
      [
        "has a header of two lines",
        ask("GET", "/", { headers: { a: "b\nc: d" } }),
        'message.headers["a"]',
        '"b\\nc: d"',
      ],
      ["has a header that is no text", ask("GET", "/", { headers: { a: 1 } }), 'message.headers["a"]', "1"],
      ["has headers in a list", ask("GET", "/", { headers: [] }), "message.headers", "[]"],
      ["has a body that is no text", ask("POST", "/", { body: { a: 1 } }), "message.body", '{"a":1}'],
      [
        "has two bodies",
        withHead({ method: "POST", path: "/", body: "a" }, new Uint8Array(1)),
        "message.body",
        '"a"',
      ],
    ];
    for (const [what, message, place, actual] of rows)
      it(what, async () => {
        const server = await mirror();
        const end = await openTo(server.port);
        expect(left(await end.send(message))).to.deep.include({
          tag: "InvalidArgument",
          method: "send",
          place,
          actual,
        });
        expect(await call(end, ask("GET", "/"))).to.include({ body: "GET /" });
        expect(server.heard.length).to.equal(1);
      });
  });

  describe("bounds", () => {
    it("an answer declared too long, or that grows too long: TooLarge, and the next one arrives", async () => {
      const server = await listen(({ path }, response) => {
        if (path === "/declared") response.writeHead(200, { "content-length": 2 ** 40 }).write("x");
        else if (path === "/endless") {
          const more = (): void => {
            if (!response.destroyed) response.write("x".repeat(4), () => setImmediate(more));
          };
          more();
        } else response.end("x".repeat(37));
      });
      const end = await openTo(server.port, { message: 37 });
      expect(left(await end.send(ask("GET", "/declared")))).to.deep.equal({
        tag: "TooLarge",
        what: "the answer to GET /declared through gate web",
        bytes: 2 ** 40,
        limit: 37,
      });
      const endless = left(await end.send(ask("GET", "/endless")));
      expect(endless).to.include({ tag: "TooLarge", limit: 37 });
      expect(endless).to.have.property("bytes").that.is.within(38, 40);
      expect((await call(end, ask("GET", "/fits"))).body.length).to.equal(37);
    });

    it("a request over the bound", async () => {
      const server = await mirror();
      const end = await openTo(server.port, { message: 50 });
      expect(left(await end.send(ask("POST", "/", { body: "x".repeat(50) })))).to.deep.include({
        tag: "TooLarge",
        limit: 50,
      });
      expect(server.heard).to.deep.equal([]);
    });

    it("headers over the bound", async () => {
      const server = await mirror();
      const end = await openTo(server.port);
      expect(leftTag(await end.send(ask("GET", "/", { headers: { a: "x".repeat(17_000) } })))).to.equal(
        "TooLarge",
      );
    });

    it("back-pressure: who does not receive may not send for ever", async () => {
      const server = await mirror();
      const end = await openTo(server.port, { bound: { messages: 2, bytes: 1000 } });
      right(await end.send(ask("GET", "/1")));
      right(await end.send(ask("GET", "/2")));
      expect(left(await end.send(ask("GET", "/3")))).to.deep.equal({
        tag: "QuotaExceeded",
        resource: "calls",
        wanted: 3,
        available: 2,
      });
      expect((await received(end)).body).to.equal("GET /1");
      right(await end.send(ask("GET", "/3")));
      expect(server.heard.map(({ path }) => path)).to.deep.equal(["/1", "/2", "/3"]);
      const other = await openTo(server.port, { bound: { messages: 2, bytes: 10 } });
      expect(left(await other.send(ask("GET", "/")))).to.deep.include({ resource: "ram", available: 10 });
    });
  });

  describe("fault 30: the peer", () => {
    it("absent: opens without it, and each send ends after a bounded number of tries", async () => {
      const port = await freePort();
      const end = await openTo(port);
      for (const method of ["GET", "POST"])
        expect(left(await end.send(ask(method, "/")))).to.deep.equal({
          tag: "Disconnected",
          gate: "web",
          reason: `ECONNREFUSED 127.0.0.1:${port}, after 3 tries`,
        });
      end.suspend();
      expect(await end.capture()).to.include({ sent: 0 });
    });

    it("late: one of the later tries finds it, for a POST as well", async () => {
      const port = await freePort();
      const end = await openTo(port, { retry: { tries: 1000, first: 1, longest: 1 } });
      const send = end.send(ask("POST", "/late", { body: "once" }));
      const server = await listen(({ body }, response) => response.end(body), port);
      right(await send);
      expect((await received(end)).body).to.equal("once");
      expect(server.heard.length).to.equal(1);
    });

    it("restarted between two requests: the second one is not lost", async () => {
      const first = await mirror();
      const { port } = first;
      const end = await openTo(port);
      expect((await call(end, ask("GET", "/1"))).body).to.equal("GET /1");
      await first.close();
      await listen(({ method }, response) => response.end(method), port);
      expect((await call(end, ask("GET", "/2"))).body).to.equal("GET");
      expect((await call(end, ask("POST", "/3"))).body).to.equal("POST");
    });

    /** A server that breaks off so many times before it answers. */
    const flaky = (times: number, how: (heard: Heard, response: never) => void): Promise<HttpPeer> => {
      let rest = times;
      return listen((heard, response) => {
        if (rest-- > 0) how(heard, response as never);
        else response.end("at last");
      });
    };

    for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
      it(`broken off before its answer: ${method} is tried again`, async () => {
        const server = await flaky(2, ({ socket }) => socket.destroy());
        const end = await openTo(server.port);
        expect((await call(end, ask(method, "/"))).status).to.equal(200);
        expect(server.heard.length).to.equal(3);
      });

    for (const method of ["POST", "PATCH"])
      it(`broken off before its answer: ${method} is not, and what became of it is said to be unknown`, async () => {
        const server = await flaky(1, ({ socket }) => socket.destroy());
        const end = await openTo(server.port);
        expect(left(await end.send(ask(method, "/", { body: "pay" })))).to.deep.equal({
          tag: "Disconnected",
          gate: "web",
          reason: `ECONNRESET 127.0.0.1:${server.port}, after 1 try; whether it was carried out is unknown`,
        });
        expect(server.heard.length).to.equal(1);
        expect((await call(end, ask(method, "/"))).body).to.equal("at last");
      });

    it("broken off in the middle of its answer: no part of it arrives", async () => {
      const server = await flaky(1, ({ socket }, response: { write(text: string, done: () => void): void }) =>
        response.write("half", () => socket.destroy()),
      );
      const end = await openTo(server.port);
      expect((await call(end, ask("GET", "/"))).body).to.equal("at last");
      const always = await flaky(
        Infinity,
        ({ socket }, response: { write(text: string, done: () => void): void }) =>
          response.write("half", () => socket.destroy()),
      );
      const other = await openTo(always.port);
      expect(leftTag(await other.send(ask("GET", "/")))).to.equal("Disconnected");
      expect(always.heard.length).to.equal(3);
    });

    it("silent: Disconnected after so long, without another try", async () => {
      const server = await listen(() => {});
      const end = await openTo(server.port, { within: 20 });
      expect(left(await end.send(ask("GET", "/")))).to.deep.equal({
        tag: "Disconnected",
        gate: "web",
        reason: "no answer within 20 ms",
      });
      expect(server.heard.length).to.be.at.most(1);
    });

    it("speaking something else: Disconnected, without another try", async () => {
      const server = await flaky(1, ({ socket }) => socket.end("SSH-2.0-x\r\n"));
      const end = await openTo(server.port);
      expect(left(await end.send(ask("GET", "/"))))
        .to.have.property("reason")
        .that.matches(/^HPE_.*after 1 try/);
    });

    it("waited for at a close: the send hears of it at once", async () => {
      const server = await listen(() => {});
      const end = await openTo(server.port);
      const sends = [end.send(ask("GET", "/")), end.send(ask("GET", "/"))];
      await server.until(1);
      await end.close();
      for (const send of sends) expect(leftTag(await send)).to.equal("Closed");
    });
  });
});
