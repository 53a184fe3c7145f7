// File_system, intercepted: files as they are opened and closed. A handle comes back by its path and mode; its
// offset, and what the file was, are its position.
import { File, FileSystem } from "../../lib/session/file-system.ts";
import { E } from "../../lib/fp.ts";
import { FilePosition, type CapturedFile } from "../core/file-position.ts";
import { FileSystemPosition, type FileSystemObject } from "../core/file-system.ts";
import { interceptor, type MovedBy, type Replay } from "./interceptor.ts";
import { forget } from "./parent.ts";

export const fileSystemInterceptor = interceptor(FileSystem, {
  position: FileSystemPosition,
  outside: {
    open: ([, mode]) => (mode?.create === true || mode?.truncate === true ? "effect" : "ordered"),
    stat: "ordered",
    list: "ordered",
    mkdir: "effect",
    unlink: "effect",
    move: "effect",
  },
  moves: { from: { seen: [] }, by: (position) => position },
  record: {
    open(ledger, { selector, fresh, args: [path, mode] }) {
      ledger.capabilities[String(fresh)] = { kind: "file", session: selector, path, mode: mode ?? {} };
    },
    /** An open file goes along, itself or with the directory that it lies in, whichever session of that label it
     *  was opened by. What others move, a capture finds out. */
    move(ledger, { selector, args: [from, to] }) {
      const labelOf = (session: number): string | undefined => {
        const record = ledger.capabilities[String(session)];
        return record?.kind === "session" && record.service === FileSystem.service ? record.label : undefined;
      };
      const label = labelOf(selector);
      for (const record of Object.values(ledger.capabilities))
        if (record.kind === "file" && labelOf(record.session) === label) {
          if (record.path === from) record.path = to;
          else if (record.path.startsWith(`${from}/`)) record.path = `${to}${record.path.slice(from.length)}`;
        }
    },
  },
});

/** Where a handle stands that did not say so itself. */
const offsetAfter = ({ offset }: FilePosition, { method, result }: MovedBy): number => {
  switch (method) {
    case "read":
      return offset + (result as Uint8Array).length;
    case "readText":
      return offset + Buffer.byteLength(result as string);
    case "write":
      return offset + (result as number);
    case "seek":
      return result as number;
    default:
      return offset;
  }
};

export const fileInterceptor = interceptor(File, {
  position: FilePosition,
  found: (captured) => {
    const { path = null, ...position } = captured as Partial<CapturedFile>;
    return {
      position,
      note(ledger, selector) {
        const record = ledger.capabilities[String(selector)];
        if (record?.kind === "file" && path !== null) record.path = path;
      },
    };
  },
  outside: {
    read: "ordered",
    readText: "ordered",
    write: "effect",
    seek: "ordered",
    truncate: "effect",
    sync: "effect",
    stat: "ordered",
    close: "ordered",
  },
  moves: {
    from: { offset: 0, identity: null, content: null },
    by: (position: FilePosition, call) => ({
      ...position,
      offset: typeof call.place === "number" ? call.place : offsetAfter(position, call),
    }),
  },
  record: {
    close(ledger, { selector }) {
      forget(ledger, selector);
    },
  },
});

export const fileReplay: Replay<"file"> = {
  kind: "file",
  replay({ session, path, mode }, position, world) {
    const files = world.object(session) as FileSystemObject | undefined;
    return files === undefined
      ? E.left({ tag: "Closed", what: `the session of ${path}` })
      : files.reopen(path, mode, position as FilePosition, world.revival);
  },
};
