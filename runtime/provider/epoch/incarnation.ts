// Who makes effects: of an identity one incarnation at a time may, and providers remember which.
import type { SessionError } from "../../../lib/error.ts";
import type { Either } from "../../../lib/fp.ts";

/** One life of a child, from its start or revival until it is frozen, moved or gone. */
export interface Incarnation {
  /** UUID. */
  readonly identity: string;
  /** Its generation: greater than that of every incarnation that it continues. */
  readonly epoch: number;
  /** The run of a host that it lives in: 32 hexadecimal digits, drawn when the run began. */
  readonly run: string;
  /** The runs of the same state directory, this one included, one after the other. */
  readonly runs: string;
  /** The host's name, for whoever is refused because of it. */
  readonly host: string;
}

/** Which incarnation a provider takes effects from. */
export interface Holder {
  readonly epoch: number;
  readonly run: string;
  readonly host: string;
}

export const holderOf = ({ epoch, run, host }: Incarnation): Holder => ({ epoch, run, host });

/**
 * What a provider's record says to an incarnation: that it is the holder, that it may become it, or that it is stale.
 * Of one epoch there may be two tries, the first cut off by a crash: whoever comes after that in the same state
 * directory knows its run. A copy of that directory does not.
 */
export const judged = (
  holder: Holder | null,
  { epoch, run, runs }: Incarnation,
): "holds" | "may" | "stale" => {
  if (holder === null || holder.epoch < epoch) return "may";
  if (holder.epoch > epoch) return "stale";
  if (holder.run === run) return "holds";
  return runs.includes(holder.run) ? "may" : "stale";
};

/**
 * Asked before each effect of one incarnation on one provider. Whatever is found out by one fence of an incarnation
 * holds for all that share its `Bar`.
 */
export interface Fence {
  /** Null where the effect may be made; else `Stale`, or why the record can't be read. Allocates nothing. */
  check(): Either<SessionError, never> | null;
  /** Makes this incarnation the one whose effects are taken: at its revival, before it runs. */
  raise(): Either<SessionError, void>;
  /** Gives that back: the revival came to nothing. */
  lower(): Either<SessionError, void>;
  close(): void;
}

/** An answer, made once for all calls that get it. */
type Refused = Extract<Either<SessionError, never>, { readonly _tag: "Left" }>;

/** Down for an incarnation once a provider has found it to be stale: it makes no effect anywhere any more. */
export class Bar {
  readonly #fell: (error: SessionError) => void;
  #refusal: Refused | null = null;

  /** `fell`: told once. */
  constructor(fell: (error: SessionError) => void) {
    this.#fell = fell;
  }

  get refusal(): Refused | null {
    return this.#refusal;
  }

  fall(error: SessionError): Either<SessionError, never> {
    if (this.#refusal !== null) return this.#refusal;
    const refusal: Refused = { _tag: "Left", left: error };
    this.#refusal = refusal;
    this.#fell(error);
    return refusal;
  }
}

/** Whose effects, on which provider, and what becomes of them all where they are stale. */
export interface FenceOptions {
  readonly incarnation: Incarnation;
  readonly bar: Bar;
  /** The provider's, for errors. */
  readonly service: "File_system" | "Gate";
  readonly label: string;
}

export const staleError = ({ incarnation, service, label }: FenceOptions, holder: Holder): SessionError => ({
  tag: "Stale",
  service,
  label,
  epoch: incarnation.epoch,
  latest: holder.epoch,
  host: holder.host,
});
