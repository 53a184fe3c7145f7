// One durable host a state directory. The lock is a listening socket: it lives exactly as long as its process, so
// that a crash leaves nothing that would have to be judged by its age or by a process number that may be another's.
//
// The socket is linked as `lock/N`, N one more than the highest there is, which a living holder forbids and `link`
// gives to one alone. The highest is removed by the holder of a higher one only, so whoever finds a higher one after
// its own `link` has come too late. The same socket is then the control socket.
import { randomUUID } from "node:crypto";
import { chmod, link, mkdir, readdir, rename, stat, unlink } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { E, type Either } from "../../lib/fp.ts";
import { CONTROL_SOCKET, HeldFolder } from "./state-folder.ts";

/** Another host runs on this state. */
export interface Running {
  readonly tag: "Running";
  readonly state: string;
  /** Null where it does not answer. */
  readonly pid: number | null;
}

export interface StateLock {
  /** Gives the state directory back. Connections that are open are no longer served. */
  release(): Promise<void>;
}

export interface LockOptions {
  /** The state directory, absolute; it exists. */
  readonly state: string;
  /** Called for each connection to the control socket. */
  readonly connection: (socket: Socket) => void;
  /** Asks whoever listens at a path for its process number; null where it does not answer. */
  readonly pidOf: (path: string) => Promise<number | null>;
}

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;

const unless =
  (...codes: readonly string[]) =>
  (error: unknown): void => {
    if (!codes.some((code) => isCode(error, code))) throw error;
  };

/** Whether somebody listens there. */
const listens = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => settle(true));
    // Only a refusal shows that nobody is there; a full backlog, say, shows somebody.
    socket.on("error", (error) => settle(!isCode(error, "ECONNREFUSED") && !isCode(error, "ENOENT")));
  });

const listening = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path }, () => {
      server.off("error", reject);
      resolve();
    });
  });

const numbersIn = async (folder: string): Promise<readonly number[]> =>
  (await readdir(folder)).filter((name) => /^[1-9]\d{0,14}$/.test(name)).map(Number);

/** Links the socket under the next number. Left: who holds the lock already. */
const take = async (
  own: string,
  folder: string,
  held: HeldFolder,
  { state, pidOf }: LockOptions,
): Promise<Either<Running, number>> => {
  for (;;) {
    const last = Math.max(0, ...(await numbersIn(folder)));
    const path = held.at(String(last));
    if (last > 0 && (await listens(path))) {
      const pid = await pidOf(path);
      // It may have ended in the middle of its answer.
      if (pid !== null || (await listens(path))) return E.left({ tag: "Running", state, pid });
      continue;
    }
    const next = join(folder, String(last + 1));
    const linked = await link(own, next).then(
      () => true,
      (error: unknown) => {
        unless("EEXIST")(error);
        return false;
      },
    );
    if (!linked) continue;
    if (Math.max(...(await numbersIn(folder))) === last + 1) return E.right(last + 1);
    await unlink(next).catch(unless("ENOENT"));
  }
};

/** A socket without a listener may be one that is about to listen, for this long, in ms. */
const NASCENT_MS = 60_000;

const isForsaken = async (path: string): Promise<boolean> => {
  const facts = await stat(path).catch(unless("ENOENT"));
  return facts !== undefined && Date.now() - facts.ctimeMs > NASCENT_MS && !(await listens(path));
};

/** Removes the locks of the past, and sockets of those who ended before they had one. */
const tidy = async (folder: string, held: HeldFolder, number: number): Promise<void> => {
  for (const name of await readdir(folder)) {
    const past = /^\d+$/.test(name) ? Number(name) < number : await isForsaken(held.at(name));
    if (past) await unlink(join(folder, name)).catch(unless("ENOENT"));
  }
};

/** Takes the state directory. Left: another host has it. Rejects with what the operating system says. */
export const takeLock = async (options: LockOptions): Promise<Either<Running, StateLock>> => {
  const { state, connection } = options;
  const folder = join(state, "lock");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const held = new HeldFolder(folder);
  const server = createServer({ allowHalfOpen: true }, connection);
  const name = `.${randomUUID()}`;
  const own = join(folder, name);
  const withdraw = async (): Promise<void> => {
    await unlink(own).catch(unless("ENOENT"));
    await new Promise<void>((resolve) => void server.close(() => resolve()));
    held.close();
  };
  let taken: Either<Running, number>;
  try {
    await listening(server, held.at(name));
    await chmod(own, 0o600);
    taken = await take(own, folder, held, options);
  } catch (error) {
    await withdraw();
    throw error;
  }
  if (E.isLeft(taken)) {
    await withdraw();
    return taken;
  }
  const control = join(state, CONTROL_SOCKET);
  await rename(own, control);
  await tidy(folder, held, taken.right);
  return E.right({
    release: async () => {
      await unlink(control).catch(unless("ENOENT"));
      server.close();
      held.close();
    },
  });
};
