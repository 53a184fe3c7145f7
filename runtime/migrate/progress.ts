// What is told of a migration while it runs, and what came of it.

/** How far it is. */
export interface Progress {
  readonly event: "migrating";
  readonly children: readonly string[];
  readonly to: string;
  readonly phase: "surveying" | "copying" | "holding" | "offered" | "released";
  /** Rounds of memory that have gone over. */
  readonly round: number;
  /** Bytes on the wire so far, TLS not counted. */
  readonly bytes: number;
  /** Bytes a second, in the last round; 0 while it is not known. */
  readonly rate: number;
  /** Bytes of memory that are yet to go. */
  readonly left: number;
  /** How long the travelers would stand still if they were stopped now, in ms; null while it is not known. */
  readonly pauseMs: number | null;
}

export interface Migrated {
  readonly event: "migrated";
  readonly children: readonly string[];
  /** The other host, as it calls itself. */
  readonly to: string;
  /** Of the incarnations there; null where the sink has not confirmed yet: it will ask. */
  readonly generations: readonly number[] | null;
  readonly rounds: number;
  /** Bytes on the wire, TLS not counted; and of memory that travelled or was there already. */
  readonly bytes: number;
  readonly memoryBytes: number;
  /** From the stop until the sink said that they go on, and of all of it. */
  readonly pauseMs: number;
  readonly totalMs: number;
  /** Why they don't go on there, where they don't: they are the sink's all the same. */
  readonly stranded: string | null;
}

export interface TravelOptions {
  /** Whether memory goes over while they run. Default true. */
  readonly precopy?: boolean;
  /** How long they should stand still at most, in ms: memory goes over in rounds until the rest fits. Default 25. */
  readonly pause?: number;
  /** Most rounds. Default 8. */
  readonly rounds?: number;
  /** For the turns that run and the calls that must complete before they stop, in ms. Default 5000. */
  readonly deadline?: number;
}
