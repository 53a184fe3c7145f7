// The one place where an operating system's refusal of a file operation becomes a session error.

import type { SessionError } from "../../../lib/error.ts";

/** `what`: the operation. Anything but an `errno` error is a bug and thrown on. */
export const systemError = (cause: unknown, provider: string, path: string, what: string): SessionError => {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw cause;
  switch (code) {
    case "ENOENT":
      return { tag: "NotFound", path };
    case "EEXIST":
      return { tag: "AlreadyExists", path };
    case "EISDIR":
      return { tag: "IsDirectory", path };
    case "ENOTDIR":
      return { tag: "NotDirectory", path };
    case "ENOTEMPTY":
      return { tag: "NotEmpty", path };
    case "ELOOP":
      return linkError(path, path);
    case "ENXIO":
      return kindError(path);
    case "ENAMETOOLONG":
      return { tag: "InvalidPath", path, reason: "too long" };
    case "ENOSPC":
    case "EDQUOT":
    case "EFBIG":
      return { tag: "NoSpace", path };
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return {
        tag: "Denied",
        service: "File_system",
        label: provider,
        reason: `the operating system refused ${what} of ${path} (${code})`,
      };
    default:
      return { tag: "Io", code, what: `${what} of ${path}` };
  }
};

export const linkError = (path: string, link: string): SessionError => ({
  tag: "InvalidPath",
  path,
  reason: `"${link}" is a symbolic link`,
});

/** A FIFO, socket or device. */
export const kindError = (path: string): SessionError => ({
  tag: "InvalidPath",
  path,
  reason: "it is neither a file nor a directory",
});
