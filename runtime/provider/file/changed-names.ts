// Folders in which names were given or taken away, so that somebody can see to it that this survives a loss of power.

/** More of them are not remembered one by one: then there is nothing for it but to ask for all of it now. */
const MOST = 256;

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

export class ChangedNames {
  #folders = new Set<string>();

  /** Whether so many are noted that it is time to `take` them. */
  get full(): boolean {
    return this.#folders.size >= MOST;
  }

  /** A name was given or taken away. */
  note(path: string): void {
    this.#folders.add(parentOf(path));
  }

  /** One of those that were taken is still to be seen to. */
  noteFolder(folder: string): void {
    this.#folders.add(folder);
  }

  /** What was below the one is below the other now. */
  moved(from: string, to: string): void {
    for (const folder of [...this.#folders])
      if (folder === from || folder.startsWith(`${from}/`)) {
        this.#folders.delete(folder);
        this.#folders.add(to + folder.slice(from.length));
      }
    this.note(from);
    this.note(to);
  }

  /** All that were noted since the last time. */
  take(): readonly string[] {
    const folders = [...this.#folders];
    this.#folders.clear();
    return folders;
  }
}
