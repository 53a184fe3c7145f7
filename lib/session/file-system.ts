// File_system: the files of one provider, below the root and with the rights that the route grants.
import * as t from "io-ts";
import { args, bytes, natural, struct, text } from "../codec.ts";
import { capability, method, session, type Client } from "../contract.ts";

/** How a file is opened; every flag defaults to `false`, and none at all means `read`. */
export const OpenMode = struct(
  {},
  {
    read: t.boolean,
    write: t.boolean,
    create: t.boolean,
    append: t.boolean,
    truncate: t.boolean,
  },
  "OpenMode",
);
export type OpenMode = t.TypeOf<typeof OpenMode>;

/** `size` in bytes, `modified` in wall-clock ms. */
export const Stat = struct(
  {
    kind: t.union([t.literal("file"), t.literal("directory")]),
    size: natural,
    modified: t.number,
  },
  {},
  "Stat",
);
export type Stat = t.TypeOf<typeof Stat>;

const Entry = struct({
  name: t.string,
  kind: t.union([t.literal("file"), t.literal("directory")]),
  size: natural,
  modified: t.number,
});

/** How a path is watched: with `deep`, all that lies below it, too. */
const WatchMode = struct({}, { deep: t.boolean }, "WatchMode");

/** What a watch saw. `path` is one of the provider's, that of the watched entry included; `kind` is what it was, for
 *  what was removed, and else what it is. */
const Change = struct({
  path: t.string,
  kind: t.union([t.literal("file"), t.literal("directory")]),
  change: t.union([t.literal("created"), t.literal("changed"), t.literal("removed")]),
});
export type FileChange = t.TypeOf<typeof Change>;

const LINES_READ = 65536;

/** An open file: a place in it, and the right to read or write there. */
export const File = session(
  "File",
  {
    /** Up to `bytes` bytes from the current place, at most 1 MiB a call; empty at the end. */
    read: method({ args: args([natural]), result: bytes }),
    /** What is left from the current place, as UTF-8 text. At most 16 MiB. */
    readText: method({ args: args([]), result: t.string }),
    /** Writes all of it at the current place, or at the end where opened with `append`. Resolves with the bytes
     *  written. */
    write: method({ args: args([t.union([t.string, bytes])]), result: t.number }),
    /** Goes to `offset` bytes from the start; resolves with it. */
    seek: method({ args: args([natural]), result: t.number }),
    truncate: method({ args: args([natural]), result: t.void }),
    /** Resolves when what was written is on stable storage. */
    sync: method({ args: args([]), result: t.void }),
    stat: method({ args: args([]), result: Stat }),
    close: method({ args: args([]), result: t.void }),
  },
  {
    cost: { ram: 0, caps: 1 },
    guest: {
      /** The lines from the current place on, without their ends (`\n` or `\r\n`). Reads `block` bytes at a time,
       *  64 KiB unless said otherwise, so the handle's place is ahead of the line that is yielded. */
      async *lines(block = LINES_READ): AsyncGenerator<string, void, void> {
        const decoder = new TextDecoder();
        let rest = "";
        for (;;) {
          const content = await this.read(block);
          const lines = (rest + decoder.decode(content, { stream: content.length > 0 })).split("\n");
          rest = lines.pop() ?? "";
          for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
          if (content.length === 0) break;
        }
        if (rest !== "") yield rest;
      },
    },
  },
);

/** Paths are relative to the provider's root, parts separated by `/`; `..` and symbolic links lead nowhere. */
export const FileSystem = session("File_system", {
  open: method({ args: args([text], [OpenMode]), result: capability(File) }),
  stat: method({ args: args([text]), result: Stat }),
  /** The entries of a directory, by name; the root without an argument. */
  list: method({ args: args([], [text]), result: t.array(Entry) }),
  mkdir: method({ args: args([text]), result: t.void }),
  /** Removes a file or an empty directory. */
  unlink: method({ args: args([text]), result: t.void }),
  move: method({ args: args([text, text]), result: t.void }),
  /** Resolves as soon as the entry, or an entry of the directory, is no longer as this session last saw it, at its
   *  previous `watch` of the same path or else at this call; with all that is different then, by path. A file has
   *  changed when its size or its modification time has. Needs the right `list` for a directory. `TooLarge` where
   *  more is to be seen than a session may carry along, 1 MiB or some 20,000 entries. */
  watch: method({ args: args([text], [WatchMode]), result: t.array(Change), inFlight: "reissue" }),
});

export type File = Client<typeof File>;

export type FileSystem = Client<typeof FileSystem>;
