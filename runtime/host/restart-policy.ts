// How often a child may fault before it is left as it is.

export interface RestartPolicy {
  /** So many faults are forgiven, */
  readonly most: number;
  /** in so many ms. */
  readonly within: number;
}

/** How often one is brought back whose writes the disk may have lost, where its entry does not say: no component is to
 *  blame for that. */
export const DISK_POLICY: RestartPolicy = { most: 3, within: 60_000 };

/** The faults, in ms since 1970, that still count at `now`. */
export const recentFaults = (
  faults: readonly number[],
  { within }: RestartPolicy,
  now: number,
): readonly number[] => faults.filter((at) => now - at < within && at <= now);

/** Whether a child with these faults, the last one included, is stuck. */
export const isStuck = (faults: readonly number[], policy: RestartPolicy, now: number): boolean =>
  recentFaults(faults, policy, now).length > policy.most;
