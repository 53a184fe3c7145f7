// The power over files that images and keys are written and read with. Specs put another in its place, to make
// the Nth operation fail. Rejections are the operating system's, with a `code`.

export interface FileFacts {
  readonly regular: boolean;
  /** In bytes. */
  readonly size: number;
  /** Permission bits. */
  readonly mode: number;
}

export interface OpenFile {
  /** Writes at the end of what was written so far; may write less than all, and says how much. */
  readonly write: (bytes: Uint8Array) => Promise<number>;
  /** Reads on into `bytes`; may read less than fits, 0 at the end. */
  readonly read: (bytes: Uint8Array) => Promise<number>;
  readonly facts: () => Promise<FileFacts>;
  /** Content and size are on stable storage when it resolves. */
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface FilePower {
  /** A file that must not exist, for writing, mode 0600. */
  readonly create: (path: string) => Promise<OpenFile>;
  /** A file for reading. Does not wait for a writer where the path is a pipe. */
  readonly open: (path: string) => Promise<OpenFile>;
  /** Replaces what stands at `to`. */
  readonly rename: (from: string, to: string) => Promise<void>;
  /** A second name for a file; fails with `EEXIST` where `to` exists. */
  readonly link: (from: string, to: string) => Promise<void>;
  readonly unlink: (path: string) => Promise<void>;
  /** Names made, moved and removed in a folder are on stable storage when it resolves. */
  readonly syncFolder: (path: string) => Promise<void>;
  /** Makes a folder and those above it, mode 0700; content with one that exists. */
  readonly makeFolder: (path: string) => Promise<void>;
}
