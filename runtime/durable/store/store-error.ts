// Everything that can go wrong with the store: a closed union that carries facts. Whatever it was, nothing has
// changed. Prose for people is made in one place, `storeProse`.
import type { Position } from "./position.ts";

export type StoreError =
  /** Another process has the store open; `pid` is `null` where it could not be found out. */
  | { readonly tag: "Locked"; readonly path: string; readonly pid: number | null }
  /** The store was closed, or is being closed. */
  | { readonly tag: "Closed"; readonly path: string }
  /** Written by a release that this one does not read. */
  | {
      readonly tag: "UnknownFormat";
      readonly path: string;
      readonly found: string;
      readonly supported: readonly string[];
    }
  /** No checkpoint of this identity is in the store. */
  | { readonly tag: "NoSuchComponent"; readonly identity: string }
  /** It has checkpoints, but not this one. */
  | {
      readonly tag: "NoSuchCheckpoint";
      readonly identity: string;
      readonly sequence: number;
      readonly available: readonly number[];
    }
  /** Another checkpoint of the identity was prepared and is neither committed nor dropped yet. */
  | { readonly tag: "Busy"; readonly identity: string }
  /** Nobody wanted the checkpoint any more while it was prepared. */
  | { readonly tag: "GivenUp"; readonly identity: string }
  /** An incarnation that was superseded: its epoch is below the one on record. */
  | { readonly tag: "Stale"; readonly identity: string; readonly epoch: number; readonly latest: number }
  /** A checkpoint's number is not greater than the latest one's. */
  | {
      readonly tag: "OutOfOrder";
      readonly identity: string;
      readonly sequence: number;
      readonly latest: number;
    }
  /** The checkpoint that the changes were counted from is not the latest one; both by their hashes. */
  | {
      readonly tag: "WrongParent";
      readonly identity: string;
      readonly wanted: string;
      readonly found: string | null;
    }
  /** The base memory that it is a difference from is not at hand; its hash. */
  | { readonly tag: "WrongBase"; readonly identity: string; readonly wanted: string }
  /** What the store has is older than what is known to have been committed. */
  | {
      readonly tag: "RolledBack";
      readonly identity: string;
      readonly expected: Position;
      readonly found: Position | null;
    }
  /** The component would take `bytes` in the store, more than its `bound`. */
  | {
      readonly tag: "OverBound";
      readonly identity: string;
      readonly label: string;
      readonly bytes: number;
      readonly bound: number;
    }
  /** What was read is not what was written. Hashes in hexadecimal; `expected` is empty where the content does not
   *  even decode. `intact` is the latest earlier checkpoint that was found whole, or `null`. */
  | {
      readonly tag: "Corrupt";
      readonly identity: string;
      readonly sequence: number;
      readonly place: string;
      readonly expected: string;
      readonly actual: string;
      readonly intact: number | null;
    }
  /** A checkpoint or batch that can't be: a bug of the caller's, or hostile input that went unchecked. */
  | { readonly tag: "Malformed"; readonly place: string; readonly expected: string; readonly actual: string }
  /** A size beyond the bound; in bytes, or in pieces. */
  | { readonly tag: "TooLarge"; readonly what: string; readonly size: number; readonly limit: number }
  /** The disk is full. */
  | { readonly tag: "NoSpace"; readonly path: string; readonly step: string }
  /** Any other failure of the operating system, or of the engine below, by its code. */
  | { readonly tag: "Io"; readonly path: string; readonly step: string; readonly code: string };

const at = (position: Position | null): string =>
  position === null ? "nothing" : `epoch ${position.epoch}, checkpoint ${position.sequence}`;

/** One sentence for people. */
export const storeProse = (error: StoreError): string => {
  switch (error.tag) {
    case "Locked":
      return `${error.path} is in use by ${error.pid === null ? "another process" : `process ${error.pid}`}`;
    case "Closed":
      return `${error.path} is closed`;
    case "UnknownFormat":
      return `${error.path} has format ${error.found}, this release reads ${error.supported.join(", ")}`;
    case "NoSuchComponent":
      return `the store has no checkpoint of ${error.identity}`;
    case "NoSuchCheckpoint":
      return `the store has no checkpoint ${error.sequence} of ${error.identity}, but ${error.available.join(", ")}`;
    case "Busy":
      return `another checkpoint of ${error.identity} is under way`;
    case "GivenUp":
      return `a checkpoint of ${error.identity} was given up before it was made`;
    case "Stale":
      return `${error.identity} was superseded: its epoch is ${error.epoch}, the latest is ${error.latest}`;
    case "OutOfOrder":
      return `checkpoint ${error.sequence} of ${error.identity} comes after checkpoint ${error.latest}`;
    case "WrongParent":
      return `the latest checkpoint of ${error.identity} is ${error.found ?? "none"}, not ${error.wanted}`;
    case "WrongBase":
      return `${error.identity} needs the base memory ${error.wanted}, which is not at hand`;
    case "RolledBack":
      return `the store was rolled back: of ${error.identity} it has ${at(error.found)}, but ${at(error.expected)} was committed`;
    case "OverBound":
      return `${error.label} (${error.identity}) would take ${error.bytes} bytes in the store, more than its bound of ${error.bound}`;
    case "Corrupt":
      return (
        `checkpoint ${error.sequence} of ${error.identity} is corrupt: ${error.place} ` +
        (error.expected === "" ? error.actual : `has hash ${error.actual}, expected ${error.expected}`) +
        (error.intact === null ? "; no earlier one is whole" : `; checkpoint ${error.intact} is whole`)
      );
    case "Malformed":
      return `${error.place} is ${error.actual}, expected ${error.expected}`;
    case "TooLarge":
      return `${error.what} of ${error.size} exceeds ${error.limit}`;
    case "NoSpace":
      return `no space left for ${error.path} (${error.step})`;
    case "Io":
      return `${error.step} of ${error.path} failed with ${error.code}`;
  }
};
