// A link as its holder sees it: calls go out with ids that stay theirs across every freeze, and what was not answered
// before one is said again after it.
import * as t from "io-ts";
import { duration, natural, struct, text } from "../../lib/codec.ts";
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import type { LinkPower, Sender, ToDomain } from "./link.ts";
import { Parcel, parcelBytes } from "./parcel.ts";
import type { Answer } from "./service.ts";
import { HeldCopy } from "./shared-message.ts";

/** Where a link stood at a freeze. */
export const RemotePosition = struct(
  {
    link: text,
    /** Identity and name of the child that owns it. */
    owner: text,
    child: text,
    /** Calls without a reply, in the order that they were made. `by`: the call of another that it is made for. */
    calls: t.array(struct({ id: text, method: t.string, parcel: Parcel, by: t.string })),
    closed: t.boolean,
  },
  {
    /** See `RemoteName`. */
    patience: t.union([duration, t.null]),
    /** The incarnation's part of its calls' ids, and the number of its next one: what a replay of it goes on with. */
    ids: struct({ epoch: text, next: natural }),
    /** The dataspace that it leads to, and the copy of it that was here. */
    dataspace: HeldCopy,
  },
  "RemotePosition",
);
export type RemotePosition = t.TypeOf<typeof RemotePosition>;

/** A call's reply, and who gave it. */
export interface Reply {
  readonly parcel: Parcel;
  readonly from: Sender;
}

export interface RemoteName {
  readonly link: string;
  /** The part of its calls' ids that is this incarnation's alone. */
  readonly epoch: string;
  /** The owner's name, and its identity; empty while it is not known. */
  readonly child: string;
  readonly owner: string;
  readonly service: string;
  /** See `SessionTarget`: that of the session which it is, or came by. */
  readonly patience: number | null;
}

/** What all calls of a domain that have no reply yet come to. */
export interface Carrier {
  /** Why a call of so many bytes can't be made. */
  refusal(service: string, bytes: number): SessionError | null;
  /** A call is on its way; it may be said again. */
  load(parcel: Parcel): void;
  /** It is over. `arrived`: whoever it was for has got what it carries. */
  unload(parcel: Parcel, arrived: boolean): void;
}

interface Waiting {
  readonly method: string;
  readonly parcel: Parcel;
  readonly by: string;
  readonly settle: (answer: Answer<Reply>) => void;
  /** Nobody waits for it any more, but it may still be served. */
  cancelled: boolean;
}

/** Calls of one link without a reply. */
const MOST_WAITING = 4096;
/** So many replies, or so many bytes of them, are acknowledged without waiting for a call that could tell. */
const MOST_UNTOLD = 256;
const MOST_UNTOLD_BYTES = 1 << 18;

export class Remote {
  readonly link: string;
  /** The owner's name. */
  readonly child: string;
  readonly service: string;
  readonly patience: number | null;
  readonly #power: LinkPower;
  readonly #carrier: Carrier;
  readonly #waiting = new Map<string, Waiting>();
  readonly #ids = new WeakMap<Promise<unknown>, string>();
  /** Calls of the past that are yet to be said again. */
  #former: RemotePosition["calls"] = [];
  /** Replies that the owner was not told of, and their bytes. */
  #untold: string[] = [];
  #untoldBytes = 0;
  /** Ids of this incarnation differ from those of all others. */
  #epoch: string;
  #next = 0;
  /** Calls of this incarnation below it have their replies. */
  #oldest = 0;
  #owner: string;
  #closed: SessionError | null = null;
  #connected: ((answer: SessionError | null) => void) | null = null;
  /** At its revival, its session was gone and it was given a new one. */
  renewed = false;

  constructor(name: RemoteName, power: LinkPower, carrier: Carrier) {
    const { link, epoch, child, service, owner, patience } = name;
    this.patience = patience;
    this.#epoch = epoch;
    this.link = link;
    this.child = child;
    this.service = service;
    this.#owner = owner;
    this.#power = power;
    this.#carrier = carrier;
  }

  /** Why it can't be called any more; null where it can. */
  get closed(): SessionError | null {
    return this.#closed;
  }

  get owner(): string {
    return this.#owner;
  }

  /** Whether the other side is yet to take it. */
  get connecting(): boolean {
    return this.#connected !== null;
  }

  /** Resolves when the other side has taken it: with null, or why not. */
  connected(): Promise<SessionError | null> {
    return new Promise((resolve) => {
      this.#connected = resolve;
    });
  }

  /** Takes up what it was at a freeze. */
  restore({ calls, closed }: RemotePosition): void {
    this.#former = calls;
    for (const { parcel } of calls) this.#carrier.load(parcel);
    if (closed) this.#closed = { tag: "Closed", what: this.service };
  }

  /** Why a call can't be made; null where it can, or was made before a freeze. */
  refusal(bytes: number, by: string): SessionError | null {
    if (this.#former.some((each) => each.by === by)) return null;
    if (this.#closed !== null) return this.#closed;
    if (this.#waiting.size >= MOST_WAITING)
      return { tag: "QuotaExceeded", resource: "calls", wanted: 1, available: 0 };
    return this.#carrier.refusal(this.service, bytes);
  }

  /** Calls, where there is no `refusal`. `parcel` is made only where the call is a new one. */
  call(method: string, parcel: () => Answer<Parcel>, by: string): Promise<Answer<Reply>> {
    const at = this.#former.findIndex((each) => each.by === by);
    if (at >= 0) {
      const [former] = this.#former.splice(at, 1) as [RemotePosition["calls"][number]];
      return this.#send(former.id, former.method, former.parcel, by);
    }
    const made = parcel();
    if (E.isLeft(made)) return Promise.resolve(made);
    this.#carrier.load(made.right);
    return this.#send(`${this.#epoch}.${this.#next++}`, method, made.right, by);
  }

  #send(id: string, method: string, parcel: Parcel, by: string): Promise<Answer<Reply>> {
    if (this.#closed !== null) {
      this.#carrier.unload(parcel, false);
      return Promise.resolve(E.left(this.#closed));
    }
    const answered = new Promise<Answer<Reply>>((settle) => {
      this.#waiting.set(id, { method, parcel, by, settle, cancelled: false });
    });
    this.#ids.set(answered, id);
    this.#power.send({ kind: "call", link: this.link, id, method, parcel, ...this.#told() });
    return answered;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** Goes on with the ids of the incarnation whose past is said again. */
  resume({ ids }: RemotePosition): void {
    if (ids !== undefined) ({ epoch: this.#epoch, next: this.#next } = ids);
  }

  /** What the owner need not keep any more. Of what one message says that is lost, the next ones say most again. */
  #told(): { readonly received: readonly string[]; readonly oldest: string } {
    while (this.#oldest < this.#next && !this.#waiting.has(`${this.#epoch}.${this.#oldest}`)) this.#oldest++;
    const received = this.#untold;
    this.#untold = [];
    this.#untoldBytes = 0;
    return { received, oldest: `${this.#epoch}.${this.#oldest}` };
  }

  #tell(id: string, bytes: number): void {
    this.#untoldBytes += bytes;
    if (this.#untold.push(id) >= MOST_UNTOLD || this.#untoldBytes >= MOST_UNTOLD_BYTES)
      this.#power.send({ kind: "received", link: this.link, ...this.#told() });
  }

  /** Nobody waits for this call any more. It may still be served. */
  cancel(answered: Promise<unknown>): void {
    const waiting = this.#waiting.get(this.#ids.get(answered) ?? "");
    if (waiting !== undefined) waiting.cancelled = true;
  }

  /** Whether a call of the past is yet to be said again: an answer that comes before that is not taken, for it comes
   *  once more. */
  expects(id: string): boolean {
    return this.#former.some((each) => each.id === id);
  }

  /** What the broker says. False for a reply that nobody waits for. */
  receive(message: Extract<ToDomain, { readonly kind: "connected" | "replied" | "closed" }>): boolean {
    switch (message.kind) {
      case "connected": {
        if (message.error !== null) this.#close(message.error);
        // An owner that is not there yet is whom it was before.
        if (message.owner !== "") this.#owner = message.owner;
        this.renewed ||= message.renewed;
        const told = this.#connected;
        this.#connected = null;
        told?.(message.error);
        return true;
      }
      case "replied": {
        const { id, answer, from } = message;
        const waiting = this.#waiting.get(id);
        this.#waiting.delete(id);
        this.#tell(id, E.isLeft(answer) ? 0 : parcelBytes(answer.right));
        if (waiting === undefined) return false;
        this.#carrier.unload(waiting.parcel, E.isRight(answer));
        if (waiting.cancelled) return false;
        waiting.settle(E.isLeft(answer) ? answer : E.right({ parcel: answer.right, from }));
        return true;
      }
      case "closed":
        this.#close(message.error);
        this.#connected?.(message.error);
        return true;
    }
  }

  #close(error: SessionError): void {
    this.#closed ??= error;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { parcel, settle, cancelled } of waiting) {
      this.#carrier.unload(parcel, false);
      if (!cancelled) settle(E.left(error));
    }
  }

  /** The component has given it up. */
  dismiss(): void {
    for (const { parcel } of [...this.#former, ...this.#waiting.values()])
      this.#carrier.unload(parcel, false);
    this.#former = [];
    this.#waiting.clear();
    if (this.#closed !== null) return;
    this.#closed = { tag: "Closed", what: this.service };
    this.#power.send({ kind: "close", link: this.link });
  }

  position(): RemotePosition {
    const waiting = [...this.#waiting]
      .filter(([, { cancelled }]) => !cancelled)
      .map(([id, { method, parcel, by }]) => ({ id, method, parcel, by }));
    return {
      link: this.link,
      owner: this.#owner,
      child: this.child,
      calls: [...this.#former, ...waiting],
      closed: this.#closed !== null,
      patience: this.patience,
      ids: { epoch: this.#epoch, next: this.#next },
    };
  }

  get waiting(): readonly string[] {
    return [...this.#former.map(({ id }) => id), ...this.#waiting.keys()];
  }
}
