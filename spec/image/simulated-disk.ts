// A disk that may lose power: what was not synced is on it or not, in any combination. Only what the image writer
// needs.
import type { FilePower, OpenFile } from "../../runtime/image/file-power.ts";

interface Inode {
  /** What a sync made durable; `null` where there was none. */
  durable: string | null;
  current: string;
}

/** What one operation does to the names in the folder, all of it or nothing. */
type NameChange = ReadonlyMap<string, Inode | null>;

export class SimulatedDisk implements FilePower {
  private readonly durableNames: Map<string, Inode>;
  private pending: NameChange[] = [];
  private readonly observe: (disk: SimulatedDisk) => void;

  /** `observe` is called after every operation: the power may go at each of these instants. */
  constructor(files: Readonly<Record<string, string>>, observe: (disk: SimulatedDisk) => void) {
    const inodes = Object.entries(files).map(
      ([path, content]) => [path, { durable: content, current: content }] as const,
    );
    this.durableNames = new Map(inodes);
    this.observe = observe;
  }

  /** Every content that `path` may have after a power cut now; `null` where it may not exist. */
  afterPowerCut(path: string): Set<string | null> {
    const outcomes = new Set<string | null>();
    for (let subset = 0; subset < 2 ** this.pending.length; subset++) {
      const inode = this.names(this.pending.filter((_, i) => (subset >> i) & 1)).get(path);
      if (inode === undefined) outcomes.add(null);
      else if (inode.durable !== null) outcomes.add(inode.durable);
      else for (let n = 0; n <= inode.current.length; n++) outcomes.add(inode.current.slice(0, n));
    }
    return outcomes;
  }

  private names(changes: readonly NameChange[]): Map<string, Inode> {
    const names = new Map(this.durableNames);
    for (const change of changes)
      for (const [path, inode] of change) {
        if (inode === null) names.delete(path);
        else names.set(path, inode);
      }
    return names;
  }

  private change(...entries: readonly (readonly [string, Inode | null])[]): Promise<void> {
    this.pending.push(new Map(entries));
    return this.done(undefined);
  }

  private done<A>(result: A): Promise<A> {
    this.observe(this);
    return Promise.resolve(result);
  }

  readonly create = async (path: string): Promise<OpenFile> => {
    const inode: Inode = { durable: null, current: "" };
    await this.change([path, inode]);
    return {
      // Three bytes at a time, so that every write is a torn one.
      write: (bytes) => {
        const piece = bytes.subarray(0, 3);
        inode.current += Buffer.from(piece).toString("latin1");
        return this.done(piece.length);
      },
      sync: () => {
        inode.durable = inode.current;
        return this.done(undefined);
      },
      close: () => this.done(undefined),
      read: () => Promise.reject(new Error("write only")),
      facts: () => Promise.reject(new Error("write only")),
    };
  };

  readonly rename = (from: string, to: string): Promise<void> => {
    const inode = this.names(this.pending).get(from);
    if (inode === undefined) throw new Error(`${from} is not there`);
    return this.change([from, null], [to, inode]);
  };

  readonly syncFolder = (): Promise<void> => {
    for (const [path, inode] of this.names(this.pending)) this.durableNames.set(path, inode);
    for (const path of this.durableNames.keys())
      if (!this.names(this.pending).has(path)) this.durableNames.delete(path);
    this.pending = [];
    return this.done(undefined);
  };

  readonly unlink = (path: string): Promise<void> => this.change([path, null]);
  readonly open = (): Promise<never> => Promise.reject(new Error("write only"));
  readonly link = (): Promise<never> => Promise.reject(new Error("write only"));
  readonly makeFolder = (): Promise<void> => this.done(undefined);
}
