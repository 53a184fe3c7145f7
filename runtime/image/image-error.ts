// Everything that can be wrong with an image, its file, or the key that signs it: a closed union that carries
// facts. Prose for people is made in one place, `imageProse`.

export type ImageError =
  /** The file does not begin like an image; `found` is its first bytes in hexadecimal. */
  | { readonly tag: "NotAnImage"; readonly found: string }
  /** The file ends early; `wanted` and `available` in bytes. */
  | { readonly tag: "Truncated"; readonly place: string; readonly wanted: number; readonly available: number }
  /** A format version that this release does not read. */
  | { readonly tag: "UnknownFormat"; readonly found: number; readonly supported: readonly number[] }
  /** The bytes are not those that were written; both hashes are SHA-256 in hexadecimal. */
  | {
      readonly tag: "ChecksumMismatch";
      readonly place: string;
      readonly expected: string;
      readonly actual: string;
    }
  /** The signature was not made by the key that the image names, or not over these bytes. */
  | { readonly tag: "BadSignature"; readonly key: string }
  /** Whole and correctly signed, but by a key that this host does not trust. */
  | { readonly tag: "UntrustedKey"; readonly key: string; readonly trusted: readonly string[] }
  /** The child was frozen under an engine that this host does not have; hashes of the engines. */
  | {
      readonly tag: "WrongEngine";
      readonly child: string;
      readonly wanted: string;
      readonly available: readonly string[];
    }
  /** The base memory that the child's memory is a difference from is not at hand; its hash. */
  | { readonly tag: "WrongBase"; readonly child: string; readonly wanted: string }
  /** A size beyond the bound, found before anything of that size was allocated; in bytes, or in pieces. */
  | { readonly tag: "TooLarge"; readonly what: string; readonly size: number; readonly limit: number }
  /** Structure that the format does not allow. */
  | { readonly tag: "Malformed"; readonly place: string; readonly expected: string; readonly actual: string }
  /** The file could not be read; `code` is the operating system's. */
  | { readonly tag: "Unreadable"; readonly path: string; readonly step: string; readonly code: string }
  /** The file could not be written. What stood at `path` stands there still. */
  | {
      readonly tag: "Unwritable";
      readonly path: string;
      readonly step: string;
      readonly code: string;
      /** A temporary file that could not be removed either. */
      readonly leftover: string | null;
    }
  /** The image is in place, but its folder could not be synced: a power cut may still bring the old one back. */
  | { readonly tag: "NotDurable"; readonly path: string; readonly step: string; readonly code: string }
  /** The file does not hold an ed25519 private key in PEM. */
  | { readonly tag: "KeyCorrupt"; readonly path: string; readonly reason: string }
  /** Others than the owner may read or write the private key; `mode` in octal. */
  | { readonly tag: "KeyExposed"; readonly path: string; readonly mode: string }
  /** It is sealed for another key than this host's. */
  | { readonly tag: "SealedFor"; readonly key: string; readonly own: string }
  /** What was sealed for this key does not open: it is not what was sealed. */
  | { readonly tag: "BrokenSeal"; readonly key: string }
  /** A text that should be a public key, as in `trust: [KEY]`. */
  | { readonly tag: "NotAKey"; readonly text: string };

const keys = (list: readonly string[]): string => (list.length === 0 ? "no key at all" : list.join(", "));

/** One sentence for people: what is wrong, with the values at hand and what to do about it where that is known. */
export const imageProse = (error: ImageError): string => {
  switch (error.tag) {
    case "NotAnImage":
      return `not an image of Cryonode: it begins with ${error.found}`;
    case "Truncated":
      return `the ${error.place} ends early: ${error.wanted} bytes wanted, ${error.available} there`;
    case "UnknownFormat":
      return `image format ${error.found} is not known here; supported: ${error.supported.join(", ")}`;
    case "ChecksumMismatch":
      return `the ${error.place} is damaged: its checksum is ${error.actual}, expected ${error.expected}`;
    case "BadSignature":
      return `the signature is not one of ${error.key} over these bytes`;
    case "UntrustedKey":
      return `signed by ${error.key}, but this host trusts ${keys(error.trusted)}; to accept it, add that key to \`trust\` in the host's file (with \`verify\`, to --trust)`;
    case "WrongEngine":
      return `${error.child} needs engine ${error.wanted}, available: ${error.available.join(", ") || "none"}`;
    case "WrongBase":
      return `${error.child} needs base memory ${error.wanted}, which is not at hand; export it whole where it is`;
    case "TooLarge":
      return `${error.what}: ${error.size} exceeds the limit of ${error.limit}`;
    case "Malformed":
      return `${error.place}: found ${error.actual}, expected ${error.expected}`;
    case "Unreadable":
      return `${error.path} cannot be read: ${error.step} failed with ${error.code}`;
    case "Unwritable":
      return (
        `${error.path} cannot be written: ${error.step} failed with ${error.code}` +
        (error.leftover === null ? "" : `; ${error.leftover} could not be removed`)
      );
    case "NotDurable":
      return `${error.path} is written, but ${error.step} failed with ${error.code}: a power cut may undo it`;
    case "KeyCorrupt":
      return `${error.path} is not an ed25519 private key: ${error.reason}`;
    case "KeyExposed":
      return `${error.path} has mode ${error.mode}: others can get at the private key; set it to 0600`;
    case "SealedFor":
      return `it is sealed for ${error.key}; the key of this host is ${error.own}`;
    case "BrokenSeal":
      return `it is sealed for ${error.key}, and does not open: it was altered before it was signed`;
    case "NotAKey":
      return `${JSON.stringify(error.text)} is not a public key, expected ed25519: and 43 characters of base64url`;
  }
};

export const malformed = (place: string, expected: string, actual: string): ImageError => ({
  tag: "Malformed",
  place,
  expected,
  actual,
});
