// A directory's files for programs, to make providers of their own around. What a spec may inject is left out.
import type { SessionError } from "../../lib/error.ts";
import type { Either } from "../../lib/fp.ts";
import { directoryFiles as provided } from "../provider/file/directory.ts";
import type { FileProvider } from "../provider/file/file-provider.ts";

export interface DirectoryOptions {
  /** The name routes and errors know the provider by. */
  readonly name: string;
  /** An existing directory; held open until the provider is closed. */
  readonly directory: string;
}

/** The files below a directory, confined to it. */
export const directoryFiles = ({ name, directory }: DirectoryOptions): Either<SessionError, FileProvider> =>
  provided({ name, directory });
