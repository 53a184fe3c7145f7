// Gates over a stream of bytes whose other end is Cryonode's, too: nothing is lost and nothing said twice, whatever
// happens to either end or to the connection. One end dials, the other one listens. `docs/decisions/paired-gates.md`.

import type { SessionError } from "../../../lib/error.ts";
import { E, type Either } from "../../../lib/fp.ts";
import { Acceptor } from "./acceptor.ts";
import { connectOnce } from "./dial.ts";
import type { GateEnd, GateProvider, GateState } from "./gate-provider.ts";
import { messageTooLarge } from "./message-room.ts";
import { byteLength, type QueueBound } from "./message-queue.ts";
import { PairedEnd } from "./paired-end.ts";
import type { PairedSetting, Partners } from "./paired-setting.ts";
import { placeText, type Place } from "./place.ts";
import { usualRetry, type Retry } from "./retry.ts";
import { badSocketPath } from "./socket-file.ts";
import type { ListeningGate } from "./stream-gate.ts";

export interface PairedOptions {
  /** The name routes and errors know the gate by. */
  readonly name: string;
  /** Bytes of one message, either way. Default 1 MiB. The other end must say the same. */
  readonly message?: number;
  /** What may be sent and not acknowledged, and what may have arrived unreceived. Default 256 messages or 1 MiB. */
  readonly unread?: QueueBound;
  /** ms that a call waits while the other end is not there. Default: as long as it takes. */
  readonly patience?: number;
  /** Default: 5 tries, 50 ms pause, doubling up to 800 ms, 2 s to connect and 2 s to greet. */
  readonly retry?: Partial<Retry>;
  /** ms between signs of life on a connection; without any for four times as long it is given up. Default 5,000. */
  readonly pulse?: number;
  /** ms that a close waits for the other end to take a message more of what was sent. Default 5,000. */
  readonly farewell?: number;
  /** `told`: messages are acknowledged when `acknowledge` says so, and not before. Default `arrived`. */
  readonly acknowledge?: "arrived" | "told";
  /** Of the end that calls: where the other one may be as well. */
  readonly elsewhere?: readonly Place[];
  /** Told, once, where the other end has met a later incarnation of this one. */
  readonly stale?: (error: SessionError) => void;
}

export interface PairedListenOptions extends PairedOptions {
  /** Peers that may be greeting at once; further ones wait, as many again, and are sent away beyond. Default 16. */
  readonly waiting?: number;
}

const settingOf = (options: PairedListenOptions): PairedSetting => ({
  name: options.name,
  message: options.message ?? 1024 * 1024,
  window: options.unread ?? { messages: 256, bytes: 1024 * 1024 },
  patience: options.patience ?? Infinity,
  retry: { ...usualRetry, ...options.retry },
  pulse: options.pulse ?? 5000,
  farewell: options.farewell ?? 5000,
  acknowledge: options.acknowledge ?? "arrived",
  stale: options.stale ?? (() => {}),
  waiting: Math.max(1, options.waiting ?? 16),
});

/** A message that was sent and can't go out by the settings of today. */
const unfit = ({ name, message: limit }: PairedSetting, state: GateState | null): SessionError | null => {
  const bytes = Math.max(0, ...(state?.conversation?.unacknowledged ?? []).map(byteLength));
  return bytes > limit ? messageTooLarge(name, bytes, limit) : null;
};

abstract class PairedGate implements GateProvider {
  readonly pairs = true;
  readonly name: string;
  protected readonly setting: PairedSetting;
  protected readonly place: Place;
  protected readonly stop = new AbortController();
  readonly #ends = new Set<PairedEnd>();

  constructor(place: Place, options: PairedListenOptions) {
    this.name = options.name;
    this.setting = settingOf(options);
    this.place = place;
  }

  protected get closed(): SessionError {
    return { tag: "Closed", what: `gate ${this.name}` };
  }

  abstract open(state: GateState | null): Promise<Either<SessionError, GateEnd>>;

  protected async begin(
    partners: Partners,
    state: GateState | null,
    released: () => void = () => {},
  ): Promise<Either<SessionError, GateEnd>> {
    const end = new PairedEnd(this.setting, partners, state, () => {
      this.#ends.delete(end);
      released();
    });
    this.#ends.add(end);
    // A conversation that was begun goes on, now or later: in which order its two ends come back does not matter.
    const tries = state?.conversation === undefined ? this.setting.retry.tries : 1;
    const failed = await end.begin(tries, state?.conversation === undefined);
    if (failed === null && !this.stop.signal.aborted) return E.right(end);
    await end.close();
    return E.left(failed ?? this.closed);
  }

  close(): void {
    this.stop.abort();
    for (const end of this.#ends) void end.close();
  }
}

/** Calls at the place where somebody was last, and then at the others, in their order. */
const callers = (places: readonly Place[], patience: number): Partners => {
  let at = 0;
  let refused = 0;
  return {
    calls: true,
    async next(stop) {
      const reasons: string[] = [];
      for (const _ of places) {
        const place = places[at]!;
        const connection = await connectOnce(place, patience, stop);
        if (typeof connection !== "string") return connection;
        reasons.push(`${connection} ${placeText(place)}`);
        at = (at + 1) % places.length;
        if (stop.aborted) break;
      }
      return reasons.join(", ");
    },
    unmet(byRefusal) {
      at = (at + 1) % places.length;
      refused = byRefusal ? refused + 1 : 0;
      if (refused < places.length) return true;
      refused = 0;
      return false;
    },
    close: async () => {},
  };
};

export class DiallingPairedGate extends PairedGate {
  readonly #elsewhere: readonly Place[];

  constructor(place: Place, options: PairedOptions) {
    super(place, options);
    this.#elsewhere = options.elsewhere ?? [];
  }

  async open(state: GateState | null): Promise<Either<SessionError, GateEnd>> {
    if (this.stop.signal.aborted) return E.left(this.closed);
    const { setting } = this;
    const places = [this.place, ...this.#elsewhere];
    const unusable = places.map((place) => ("path" in place ? badSocketPath(place.path) : null));
    const wrong = unusable.find((each) => each !== null) ?? unfit(setting, state);
    if (wrong !== null) return E.left(wrong);
    return this.begin(callers(places, setting.retry.connect), state);
  }
}

export class AcceptingPairedGate extends PairedGate implements ListeningGate {
  #acceptor: Acceptor | null = null;
  #taken = false;

  get port(): number | null {
    return this.#acceptor?.port ?? null;
  }

  async open(state: GateState | null): Promise<Either<SessionError, GateEnd>> {
    if (this.stop.signal.aborted) return E.left(this.closed);
    const { name, setting, place } = this;
    if (this.#taken)
      return E.left({ tag: "Denied", service: "Gate", label: name, reason: "it has an owner already" });
    const wrong = unfit(setting, state);
    if (wrong !== null) return E.left(wrong);
    this.#taken = true;
    const { retry, waiting } = setting;
    const listening = await Acceptor.listen(
      { gate: name, place, retry, waiting, patience: Infinity },
      this.stop.signal,
    );
    if (E.isLeft(listening)) {
      this.#taken = false;
      return listening;
    }
    const acceptor = (this.#acceptor = listening.right);
    const next: Partners["next"] = async (stop) => {
      const connection = await acceptor.next(stop);
      return E.isLeft(connection) ? "the gate was closed" : connection.right;
    };
    return this.begin({ calls: false, next, close: () => acceptor.close() }, state, () => {
      this.#taken = false;
      this.#acceptor = null;
    });
  }
}
