// An HTTP gate over TLS: the server has to prove its name, by those whom the system or the configuration trusts.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { GateEnd, GateProvider } from "../../../runtime/provider/gate/gate-provider.ts";
import { httpGate, type HttpOptions } from "../../../runtime/provider/gate/http.ts";
import { left, right } from "../outcome.ts";
import { selfSigned } from "./certificate.ts";

describe("an HTTPS gate", () => {
  const certificate = selfSigned();
  const gates: GateProvider[] = [];
  let folder: string;
  let ca: string;
  let server: Server;
  let sockets = 0;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "https-"));
    ca = join(folder, "ca.pem");
    await writeFile(ca, certificate.cert);
    server = createServer(certificate, (request, response) => {
      if (request.url === "/echo") request.pipe(response);
      else response.end(`${request.method} ${request.headers.host}`);
    });
    server.on("secureConnection", () => (sockets += 1));
    await new Promise<void>((up) => void server.listen(0, "127.0.0.1", up));
  });
  afterEach(() => {
    for (const gate of gates.splice(0)) gate.close();
  });
  after(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
    await rm(folder, { recursive: true });
  });

  const port = (): number => (server.address() as AddressInfo).port;
  const openTo = async (options: Partial<HttpOptions> = {}): Promise<GateEnd> => {
    const retry = { tries: 3, first: 1, longest: 2 };
    const gate = httpGate({ name: "web", host: "127.0.0.1", port: port(), secure: true, retry, ...options });
    gates.push(gate);
    return right(await gate.open(null));
  };
  const call = async (
    end: GateEnd,
    method: string,
    path: string,
  ): Promise<{ status: number; body: string }> => {
    right(await end.send(JSON.stringify({ method, path })));
    return JSON.parse(right(await end.receive()) as string) as never;
  };

  it("asks a server that those who are trusted vouch for, by address and by name, over a kept connection", async () => {
    for (const host of ["127.0.0.1", "localhost"]) {
      const before = sockets;
      const end = await openTo({ ca, host });
      for (const method of ["GET", "PUT", "GET"])
        expect(await call(end, method, "/")).to.include({ status: 200, body: `${method} ${host}:${port()}` });
      expect(sockets - before).to.equal(1);
      expect((await call(end, "POST", "/")).body).to.equal(`POST ${host}:${port()}`);
    }
  });

  it("sends and receives in pieces", async () => {
    const end = await openTo({ ca });
    right(await end.send(JSON.stringify({ method: "POST", path: "/echo", upload: true, download: true })));
    for (const text of ["a", "b", "c", ""]) right(await end.send(text));
    expect(JSON.parse(right(await end.receive()) as string)).to.include({ status: 200 });
    let text = "";
    for (let piece = right(await end.receive()); piece.length > 0; piece = right(await end.receive()))
      text += Buffer.from(piece as Uint8Array).toString();
    expect(text).to.equal("abc");
  });

  it("asks nobody whom it can't trust: Disconnected at the first try, with the reason", async () => {
    const strange = join(folder, "other.pem");
    await writeFile(strange, selfSigned().cert);
    for (const options of [{}, { ca: strange }]) {
      const end = await openTo(options);
      expect(left(await end.send('{"method":"GET","path":"/"}')))
        .to.have.property("reason")
        .that.matches(/^(DEPTH_ZERO_SELF_SIGNED_CERT|ERR_SSL_\w+|CERT_\w+|UNABLE_\w+) .*, after 1 try$/);
    }
  });

  it("says which certificates it could not read", async () => {
    const gate = httpGate({
      name: "web",
      host: "127.0.0.1",
      port: port(),
      secure: true,
      ca: join(folder, "none"),
    });
    expect(left(await gate.open(null))).to.deep.equal({
      tag: "Io",
      code: "ENOENT",
      what: `gate web: reading the certificates at ${join(folder, "none")}`,
    });
  });
});
