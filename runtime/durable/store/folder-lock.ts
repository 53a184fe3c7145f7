// One process at a time has a folder. Whoever wants it listens at a socket of its own in the folder, and then looks
// whether anybody else does. The kernel closes the sockets of a process that is killed, so what such a one leaves
// behind is a name at which nobody listens: it is removed, and never mistaken for an owner, because no two sockets
// ever bear the same name.
//
// Of two that come at the same time each publishes first and looks then, so one of them at least sees the other. A
// socket says on connection whether its process has the folder or only claims it; of claims the lower name goes first.
import { randomBytes } from "node:crypto";
import { open, readdir, rename, unlink, type FileHandle } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { E, type Either } from "../../../lib/fp.ts";
import type { StoreError } from "./store-error.ts";

export interface FolderLock {
  /** Lets others have the folder. */
  release(): Promise<void>;
}

type Standing = "gone" | "claims" | "holds";

const EARLY = "starting.";
const NAME = /^lock\.(\d+)\.[0-9a-f]{16}$/;
/** How long a living process may take to say how it stands, in ms. One that does not answer holds. */
const ANSWER_MS = 500;
/** Between two looks at a claim, in ms, and how many there are. */
const LOOK_MS = 20;
const LOOKS = 250;

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

class Claim implements FolderLock {
  readonly name = `lock.${process.pid}.${randomBytes(8).toString("hex")}`;
  readonly #folder: string;
  readonly #handle: FileHandle;
  readonly #server: Server;
  #holds = false;

  private constructor(folder: string, handle: FileHandle) {
    this.#folder = folder;
    this.#handle = handle;
    this.#server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end(this.#holds ? "holds" : "claims");
    });
  }

  /** Listens, and shows it. `null`: somebody swept the name away in between. */
  static async publish(folder: string): Promise<Claim | null> {
    const claim = new Claim(folder, await open(folder));
    const early = claim.#path(`${EARLY}${claim.name}`);
    try {
      await new Promise<void>((resolve, reject) => {
        claim.#server.once("error", reject);
        claim.#server.listen(early, resolve);
      });
      claim.#server.unref();
      // A name that others look at must never be one at which nobody listens yet.
      await rename(early, claim.#path(claim.name));
      return claim;
    } catch (error) {
      await claim.release();
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
  }

  /** Everybody else who is there. Removes what the dead left. */
  async rivals(): Promise<
    readonly { readonly name: string; readonly pid: number; readonly holds: boolean }[]
  > {
    const rivals: { readonly name: string; readonly pid: number; readonly holds: boolean }[] = [];
    for (const name of await readdir(this.#folder)) {
      const pid = NAME.exec(name)?.[1];
      if (pid === undefined || name === this.name) continue;
      const standing = await this.#standing(name);
      if (standing === "gone") await unlink(join(this.#folder, name)).catch(() => {});
      else rivals.push({ name, pid: Number(pid), holds: standing === "holds" });
    }
    return rivals;
  }

  /** Has the folder from now on. */
  async take(): Promise<void> {
    this.#holds = true;
    // Of those who were killed between their first name and their second.
    for (const name of await readdir(this.#folder))
      if (name.startsWith(EARLY)) await unlink(join(this.#folder, name)).catch(() => {});
  }

  async release(): Promise<void> {
    await unlink(join(this.#folder, this.name)).catch(() => {});
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#handle.close();
  }

  #standing(name: string): Promise<Standing> {
    return new Promise((resolve) => {
      const socket = connect(this.#path(name));
      let said = "";
      const done = (standing: Standing): void => {
        clearTimeout(late);
        socket.destroy();
        resolve(standing);
      };
      const late = setTimeout(() => done("holds"), ANSWER_MS);
      socket.on("data", (bytes) => (said += bytes.toString("latin1")));
      socket.on("end", () => done(said === "claims" ? "claims" : "holds"));
      socket.on("error", (error) => {
        const code = codeOf(error);
        // Whatever else goes wrong is no proof of anybody's death.
        done(code === "ECONNREFUSED" || code === "ENOENT" ? "gone" : "holds");
      });
    });
  }

  /** A socket's path has 107 bytes at most; by way of the open folder it is short wherever the folder is. */
  #path(name: string): string {
    return process.platform === "linux"
      ? `/proc/self/fd/${this.#handle.fd}/${name}`
      : join(this.#folder, name);
  }
}

/** Fails with `Locked` where another process, or this one, has the folder. The folder must be there. */
export const lockFolder = async (folder: string): Promise<Either<StoreError, FolderLock>> => {
  try {
    let claim = await Claim.publish(folder);
    while (claim === null) claim = await Claim.publish(folder);
    for (let look = 0; look < LOOKS; look++) {
      const rivals = await claim.rivals();
      const owner = rivals.find(({ holds }) => holds) ?? rivals.find(({ name }) => name < claim.name);
      if (owner !== undefined) {
        await claim.release();
        return E.left({ tag: "Locked", path: folder, pid: owner.pid });
      }
      if (rivals.length === 0) {
        await claim.take();
        return E.right(claim);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    await claim.release();
    return E.left({ tag: "Locked", path: folder, pid: null });
  } catch (error) {
    return E.left({ tag: "Io", path: folder, step: "lock", code: codeOf(error) });
  }
};
