import { generateKeyPairSync, verify } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { E } from "../../lib/fp.ts";
import { encodeImage } from "../../runtime/image/container.ts";
import { disk } from "../../runtime/image/disk.ts";
import { hostKey, keyPath } from "../../runtime/image/key.ts";
import { encodeMemory } from "../../runtime/image/memory.ts";
import { openImage } from "../../runtime/image/open-image.ts";
import { keyObject, parsePublicKey, parseTrust } from "../../runtime/image/public-key.ts";
import { left, right } from "./either.ts";
import { failingPower } from "./failing-power.ts";
import { base, manifest, memories, ours } from "./sample-image.ts";
import { inTemporaryFolder } from "./temporary-folder.ts";

describe("the host's key", () => {
  it("is made at first use, for its owner only, and the same ever after", () =>
    inTemporaryFolder(async (folder) => {
      const state = join(folder, "a", "state");
      const first = right(await hostKey(state, disk));
      expect(first.publicKey).to.match(/^ed25519:[A-Za-z0-9_-]{43}$/);
      expect((await stat(keyPath(state))).mode & 0o777).to.equal(0o600);
      expect((await stat(state)).mode & 0o777).to.equal(0o700);
      expect(await readdir(state)).to.deep.equal(["key"]);
      expect(await readFile(keyPath(state), "utf8")).to.match(/^-----BEGIN PRIVATE KEY-----\n/);
      expect(right(await hostKey(state, disk)).publicKey).to.equal(first.publicKey);
    }));

  it("signs so that its public key verifies", () => {
    const message = Buffer.from("message");
    expect(verify(null, message, keyObject(ours.publicKey), ours.sign(message))).to.equal(true);
  });

  it("made by many at once, it is one key", () =>
    inTemporaryFolder(async (folder) => {
      const keys = await Promise.all(Array.from({ length: 20 }, () => hostKey(folder, disk)));
      expect(new Set(keys.map((key) => right(key).publicKey)).size).to.equal(1);
      expect(await readdir(folder)).to.deep.equal(["key"]);
    }));

  it("fault 4: a failure at every operation leaves the same key or none, and nothing else", () =>
    inTemporaryFolder(async (folder) => {
      const operations: string[] = [];
      right(
        await hostKey(
          join(folder, "0"),
          failingPower(disk, (_, name) => (operations.push(name), null)),
        ),
      );
      for (const [at, name] of operations.entries()) {
        // One whose temporary file cannot be removed is told of below.
        if (name === "unlink") continue;
        const state = join(folder, `${at + 1}`);
        const power = failingPower(disk, (operation) => (operation === at + 1 ? "ENOSPC" : null));
        const key = await hostKey(state, power);
        if (E.isLeft(key)) expect(key.left).to.include({ code: "ENOSPC" });
        const names = await readdir(state).catch(() => []);
        expect(names.filter((file) => file !== "key")).to.deep.equal([]);
      }
      const power = failingPower(disk, (_, name) => (name === "unlink" ? "EIO" : null));
      const error = left(await hostKey(join(folder, "unlink"), power));
      expect(error).to.have.property("leftover").that.matches(/tmp$/);
    }));

  it("fault 25: a corrupt key, one of another kind, or none of a key is an error and is kept as it is", () =>
    inTemporaryFolder(async (folder) => {
      const rsa = generateKeyPairSync("x25519").privateKey.export({ type: "pkcs8", format: "pem" });
      for (const content of [
        "",
        "no key",
        rsa.toString(),
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      ]) {
        await writeFile(keyPath(folder), content, { mode: 0o600 });
        expect(left(await hostKey(folder, disk)).tag).to.equal("KeyCorrupt");
        expect(await readFile(keyPath(folder), "utf8")).to.equal(content);
      }
      await writeFile(keyPath(folder), "x".repeat(5000));
      expect(left(await hostKey(folder, disk)).tag).to.equal("TooLarge");
    }));

  it("fault 25: an unreadable key, or a folder in its place, is an error and not a reason to make another", () =>
    inTemporaryFolder(async (folder) => {
      right(await hostKey(folder, disk));
      const denied = failingPower(disk, (_, name) => (name === "open" ? "EACCES" : null));
      expect(left(await hostKey(folder, denied))).to.include({ tag: "Unreadable", code: "EACCES" });
      await rm(keyPath(folder));
      await mkdir(keyPath(folder));
      expect(left(await hostKey(folder, disk)).tag).to.equal("Malformed");
    }));

  it("fault 25: a key that others may use is refused, with its mode", () =>
    inTemporaryFolder(async (folder) => {
      right(await hostKey(folder, disk));
      for (const mode of [0o640, 0o604, 0o660]) {
        await chmod(keyPath(folder), mode);
        const error = left(await hostKey(folder, disk));
        expect(error).to.include({ tag: "KeyExposed", mode: `0${mode.toString(8)}` });
      }
    }));

  it("fault 25: after the key was lost, its images are refused by both names", () =>
    inTemporaryFolder(async (folder) => {
      const lost = right(await hostKey(folder, disk));
      const encoded = memories.map((memory) => encodeMemory(memory, base));
      const image = right(encodeImage(manifest, encoded, lost));
      await rm(keyPath(folder));
      const next = right(await hostKey(folder, disk));
      expect(left(openImage(image, [next.publicKey]))).to.deep.equal({
        tag: "UntrustedKey",
        key: lost.publicKey,
        trusted: [next.publicKey],
      });
    }));

  it("is read from text in one spelling only", () => {
    const text: string = ours.publicKey;
    expect(right(parsePublicKey(text))).to.equal(text);
    const last = text.at(-1)!;
    const loose = text.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1);
    for (const wrong of [
      "",
      "ed25519:",
      text.slice(8),
      `${text}=`,
      ` ${text}`,
      `${text}A`,
      loose,
      text.slice(0, -1),
    ])
      expect(left(parsePublicKey(wrong))).to.deep.equal({ tag: "NotAKey", text: wrong });
    expect(left(parseTrust([text, "x"]))).to.deep.equal({ tag: "NotAKey", text: "x" });
    expect(right(parseTrust([text, text]))).to.deep.equal([text, text]);
  });
});
