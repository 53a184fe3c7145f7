// A process of its own that takes in bytes over TLS, hashes them, and writes them with one fsync; then says so. What a
// migration is measured against: `node make-tls-sink.js FILE`. Prints its port; each connection begins with a length.
import { createHash, generateKeyPairSync } from "node:crypto";
import { fdatasyncSync, openSync, writeSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";
import { makeIdentity } from "../runtime/migrate/certificate.ts";

const file = openSync(process.argv[2]!, "w+");
const { privateKey } = generateKeyPairSync("ed25519");
const { key, cert } = await makeIdentity(privateKey.export({ type: "pkcs8", format: "pem" }) as string);

const server = createServer({ key, cert, minVersion: "TLSv1.3" }, (socket) => {
  socket.on("error", () => {});
  const parts: Buffer[] = [];
  let [length, wanted] = [0, Infinity];
  socket.on("data", (part: Buffer) => {
    parts.push(part);
    length += part.length;
    if (wanted === Infinity && length >= 8) wanted = 8 + Number(Buffer.concat(parts).readBigUInt64LE(0));
    if (length < wanted) return;
    const bytes = Buffer.concat(parts).subarray(8);
    createHash("sha256").update(bytes).digest();
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at, bytes.length - at, at);
    fdatasyncSync(file);
    socket.end("done");
  });
});
server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
