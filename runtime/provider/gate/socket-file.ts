// What the file system has to say about a Unix socket: how long its path may be, and whether the socket that stands
// there is a stale one, left behind by a listener that ended without removing it.

import { lstatSync, unlinkSync, type Stats } from "node:fs";
import { connect } from "node:net";
import type { SessionError } from "../../../lib/error.ts";

/** Bytes: `sun_path` in Linux's <sys/un.h>, less the NUL at its end. */
export const SOCKET_PATH_BYTES = 107;

/** Why no socket can be at this path; null if one can. */
export const badSocketPath = (path: string): SessionError | null => {
  const bytes = Buffer.byteLength(path);
  if (path === "" || path.includes("\0"))
    return { tag: "InvalidPath", path, reason: "a socket's path is not empty and holds no NUL" };
  if (bytes <= SOCKET_PATH_BYTES) return null;
  const reason = `a socket's path has at most ${SOCKET_PATH_BYTES} bytes, and this one ${bytes}`;
  return { tag: "InvalidPath", path, reason };
};

const status = (path: string): Stats | null => {
  try {
    return lstatSync(path);
  } catch {
    return null;
  }
};

/** Whether somebody accepts connections at `path`. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ path });
    const settle = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on("connect", () => settle(true));
    // Only a refusal shows that nobody is there; a full backlog, say, shows somebody.
    socket.on("error", ({ code }: NodeJS.ErrnoException) => settle(code !== "ECONNREFUSED"));
  });

/**
 * Removes the socket at `path` where nobody listens at it any more. What else may stand there is left alone: the
 * error says that it is in the way, as do a living listener and a file that is none of these, by null.
 */
export const removeStaleSocket = async (path: string): Promise<SessionError | null> => {
  const before = status(path);
  if (before === null) return null;
  if (!before.isSocket())
    return { tag: "InvalidPath", path, reason: "something that is no socket stands there already" };
  if (await answers(path)) return null;
  // Another listener may have taken the place meanwhile, by a socket of its own.
  if (status(path)?.ino !== before.ino) return null;
  try {
    unlinkSync(path);
    return null;
  } catch (error) {
    return {
      tag: "Io",
      code: (error as NodeJS.ErrnoException).code ?? "EIO",
      what: `removing the stale ${path}`,
    };
  }
};
