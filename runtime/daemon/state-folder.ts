// The state directory of a durable host, and where everything in it lies. Only its owner may look inside.
import { closeSync, constants, openSync } from "node:fs";
import { chmod, mkdir, stat } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { BASES } from "../host/runtime.ts";

/** The state directory can't be made or used. */
export interface BadState {
  readonly tag: "State";
  readonly path: string;
  readonly reason: string;
}

export const CONTROL_SOCKET = "control.sock";

const OTHERS = 0o077;

/** Absolute paths below a state directory. */
export class StateFolder {
  readonly path: string;

  /** `path`: absolute. */
  constructor(path: string) {
    this.path = path;
  }

  /** Who has ended, who is frozen, who lives. */
  get record(): string {
    return join(this.path, "entries.json");
  }
  get logs(): string {
    return join(this.path, "logs");
  }
  /** A folder for each provider of files in memory. */
  get files(): string {
    return join(this.path, "files");
  }
  /** What brought a child down lately. */
  faults(child: string): string {
    return join(this.path, "faults", `${child}.json`);
  }
  /** Base memories that came with containers. */
  get bases(): string {
    return join(this.path, BASES);
  }
  /** Where a child's image lies, unless it was told to lie elsewhere. */
  image(child: string): string {
    return join(this.path, "images", `${child}.cryo`);
  }

  /** A path as the record keeps it: relative where it lies here, so that the directory may be moved. */
  shorten(path: string): string {
    const short = relative(this.path, path);
    return short === "" || short === ".." || short.startsWith(`..${sep}`) || isAbsolute(short) ? path : short;
  }
  /** The way back from `shorten`. */
  lengthen(path: string): string {
    return resolve(this.path, path);
  }
}

export interface OpenedState {
  readonly folder: StateFolder;
  /** The mode it had, where others could look into it; they no longer can. */
  readonly closedFrom: number | null;
}

/** Opens a state directory; it is made at first use, mode 0700, and one that is open to others is closed to them. */
export const openState = async (path: string): Promise<Either<BadState, OpenedState>> => {
  const wrong = (reason: string): Either<BadState, never> => E.left({ tag: "State", path, reason });
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const { uid, mode } = await stat(path);
    const own = process.getuid?.() ?? uid;
    if (uid !== own) return wrong(`it belongs to user ${uid}, and this is user ${own}`);
    const open = (mode & OTHERS) !== 0;
    if (open) await chmod(path, mode & 0o700);
    for (const name of ["images", "logs", "faults", "files", BASES])
      await mkdir(join(path, name), { recursive: true, mode: 0o700 });
    return E.right({ folder: new StateFolder(path), closedFrom: open ? mode & 0o777 : null });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    return wrong(`it can't be made or used: ${code}`);
  }
};

/** A folder held open, so that sockets in it have short paths: Linux allows a socket's path 107 bytes. */
export class HeldFolder {
  readonly #descriptor: number;

  /** Throws what the operating system says. */
  constructor(path: string) {
    this.#descriptor = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  }

  /** A path to something in the folder, good while it is held by this process. */
  at(name: string): string {
    return `/proc/self/fd/${this.#descriptor}/${name}`;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
