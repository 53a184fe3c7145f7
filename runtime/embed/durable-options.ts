// What a program says about a host that keeps its children over its own end, and over crashes.
import type { Duration, EntryOptions, HostOptions, Size } from "./host-options.ts";

/** When the host takes a child down for itself: whichever comes first. Default: often enough for a quick recovery. */
export interface CheckpointOptions {
  readonly turns?: number;
  /** Of what has entered it since. */
  readonly bytes?: Size;
  readonly every?: Duration;
}

/** A child of a durable host. */
export interface DurableEntryOptions extends EntryOptions {
  /** The component's TypeScript file. */
  readonly component: string | URL;
  /** Folders below which it may import, besides its own. */
  readonly roots?: readonly (string | URL)[];
  /** It is not started before `host.start(name)`. Default false. */
  readonly later?: boolean;
  /** So many faults in so much time are forgiven: it goes back to before the turn that faulted. Default: it stays as it
   *  fell. */
  readonly restart?: { readonly most: number; readonly within: Duration };
  readonly checkpoint?: CheckpointOptions;
}

/** As for a host that keeps nothing, but for its threads and images; `gates` that are queues end with the host, and there
 *  is no other end to them. */
export interface DurableHostOptions extends Omit<HostOptions, "threads" | "images"> {
  /** The children, by name. Those that are new are started; those that lived with the host before go on where they were,
   *  under what stands here now. */
  readonly entries: Readonly<Record<string, DurableEntryOptions>>;
}
