// A directory whose files count what is read and written, so that a benchmark can stop at a given call.
import { E } from "../lib/fp.ts";
import { directoryFiles } from "../runtime/provider/file/directory.ts";
import type { FileProvider } from "../runtime/provider/file/file-provider.ts";

export interface CountedFiles {
  readonly provider: FileProvider;
  /** Calls back in the turn of the `count`th read or write from now. */
  after(count: number, reached: () => void): void;
}

export const countedFiles = (directory: string): CountedFiles => {
  const opened = directoryFiles({ name: "data", directory });
  if (E.isLeft(opened)) throw new Error(`no files in ${directory}: ${opened.left.tag}`);
  const provider = opened.right;
  let left = Infinity;
  let reached = (): void => {};
  const counted = (): void => {
    if (--left > 0) return;
    left = Infinity;
    reached();
  };
  const open = provider.open.bind(provider);
  provider.open = (path, mode) => {
    const file = open(path, mode);
    if (E.isLeft(file)) return file;
    const { right } = file;
    const [read, write] = [right.read.bind(right), right.write.bind(right)];
    right.read = (offset, into) => {
      counted();
      return read(offset, into);
    };
    right.write = (data, offset) => {
      counted();
      return write(data, offset);
    };
    return file;
  };
  return {
    provider,
    after(count, then) {
      left = count;
      reached = then;
    },
  };
};
