// A link as its holder sees it: calls go out with ids that stay theirs across every freeze, and what was not answered
// before one is said again after it.
import * as t from "io-ts";
import { natural, struct, text } from "../../lib/codec.ts";
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import type { LinkPower, Sender, ToDomain } from "./link.ts";
import { Parcel } from "./parcel.ts";
import type { Answer } from "./service.ts";

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
    /** The incarnation's part of its calls' ids, and the number of its next one: what a replay of it goes on with. */
    ids: struct({ epoch: text, next: natural }),
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
}

/** Told of what calls carry: until the reply has come, they may be said again. */
export interface Carrier {
  load(parcel: Parcel): void;
  unload(parcel: Parcel): void;
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

export class Remote {
  readonly link: string;
  /** The owner's name. */
  readonly child: string;
  readonly service: string;
  readonly #power: LinkPower;
  readonly #carrier: Carrier;
  readonly #waiting = new Map<string, Waiting>();
  readonly #ids = new WeakMap<Promise<unknown>, string>();
  /** Calls of the past that are yet to be said again. */
  #former: RemotePosition["calls"] = [];
  #received: string[] = [];
  /** Ids of this incarnation differ from those of all others. */
  #epoch: string;
  #next = 0;
  #owner: string;
  #closed: SessionError | null = null;
  #connected: ((answer: SessionError | null) => void) | null = null;
  /** At its revival, its session was gone and it was given a new one. */
  renewed = false;

  constructor({ link, epoch, child, service, owner }: RemoteName, power: LinkPower, carrier: Carrier) {
    this.#epoch = epoch;
    this.link = link;
    this.child = child;
    this.service = service;
    this.#owner = owner;
    this.#power = power;
    this.#carrier = carrier;
  }

  get owner(): string {
    return this.#owner;
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

  /** Calls; `parcel` is made only where the call is a new one. */
  call(method: string, parcel: () => Answer<Parcel>, by: string): Promise<Answer<Reply>> {
    const former = this.#former.find((each) => each.by === by);
    if (former !== undefined) {
      this.#former = this.#former.filter((each) => each !== former);
      return this.#send(former.id, former.method, former.parcel, by);
    }
    if (this.#closed !== null) return Promise.resolve(E.left(this.#closed));
    if (this.#waiting.size >= MOST_WAITING)
      return Promise.resolve(E.left({ tag: "QuotaExceeded", resource: "calls", wanted: 1, available: 0 }));
    const made = parcel();
    if (E.isLeft(made)) return Promise.resolve(made);
    this.#carrier.load(made.right);
    return this.#send(`${this.#epoch}.${this.#next++}`, method, made.right, by);
  }

  #send(id: string, method: string, parcel: Parcel, by: string): Promise<Answer<Reply>> {
    if (this.#closed !== null) {
      this.#carrier.unload(parcel);
      return Promise.resolve(E.left(this.#closed));
    }
    const answered = new Promise<Answer<Reply>>((settle) => {
      this.#waiting.set(id, { method, parcel, by, settle, cancelled: false });
    });
    this.#ids.set(answered, id);
    const received = this.#received;
    this.#received = [];
    this.#power.send({ kind: "call", link: this.link, id, method, parcel, received });
    return answered;
  }

  /** Goes on with the ids of the incarnation whose past is said again. */
  resume({ ids }: RemotePosition): void {
    if (ids !== undefined) ({ epoch: this.#epoch, next: this.#next } = ids);
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

  /** What the broker says. False where nobody waits for it. */
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
        return told !== null || message.renewed;
      }
      case "replied": {
        this.#received.push(message.id);
        const waiting = this.#waiting.get(message.id);
        if (waiting === undefined) return false;
        this.#waiting.delete(message.id);
        this.#carrier.unload(waiting.parcel);
        if (waiting.cancelled) return false;
        waiting.settle(
          E.isLeft(message.answer)
            ? message.answer
            : E.right({ parcel: message.answer.right, from: message.from }),
        );
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
    for (const { parcel, settle } of waiting) {
      this.#carrier.unload(parcel);
      settle(E.left(error));
    }
  }

  /** The component has given it up. */
  dismiss(): void {
    for (const { parcel } of [...this.#former, ...this.#waiting.values()]) this.#carrier.unload(parcel);
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
      ids: { epoch: this.#epoch, next: this.#next },
    };
  }

  get waiting(): readonly string[] {
    return [...this.#former.map(({ id }) => id), ...this.#waiting.keys()];
  }
}
