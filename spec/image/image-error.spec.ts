import { expect } from "chai";
import { imageProse, type ImageError } from "../../runtime/image/image-error.ts";

const errors: readonly ImageError[] = [
  { tag: "NotAnImage", found: "504b0304" },
  { tag: "Truncated", place: "image", wanted: 168, available: 12 },
  { tag: "UnknownFormat", found: 7, supported: [1] },
  { tag: "ChecksumMismatch", place: "image", expected: "aa", actual: "bb" },
  { tag: "BadSignature", key: "ed25519:AAA" },
  { tag: "UntrustedKey", key: "ed25519:AAA", trusted: ["ed25519:BBB"] },
  { tag: "UntrustedKey", key: "ed25519:AAA", trusted: [] },
  { tag: "WrongEngine", child: "init -> x", wanted: "aa", available: ["bb"] },
  { tag: "WrongBase", child: "init -> x", wanted: "aa" },
  { tag: "TooLarge", what: "manifest", size: 10, limit: 5 },
  { tag: "Malformed", place: "manifest.host", expected: "text", actual: "nothing" },
  { tag: "Unreadable", path: "a.cryo", step: "open", code: "ENOENT" },
  { tag: "Unwritable", path: "a.cryo", step: "write", code: "ENOSPC", leftover: ".a.tmp" },
  { tag: "NotDurable", path: "a.cryo", step: "sync of the folder", code: "EIO" },
  { tag: "KeyCorrupt", path: "key", reason: "it does not parse as PEM" },
  { tag: "KeyExposed", path: "key", mode: "0644" },
  { tag: "NotAKey", text: "x" },
];

/** The values that an error carries, without its tag. */
const facts = ({ tag: _, ...rest }: ImageError): readonly string[] => Object.values(rest).flat().map(String);

describe("errors of images in prose", () => {
  for (const error of errors)
    it(`${error.tag} says every fact it carries`, () => {
      for (const fact of facts(error)) expect(imageProse(error)).to.include(fact);
    });
});
