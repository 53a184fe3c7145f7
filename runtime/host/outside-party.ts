// The world outside as a client of children's services: a party of the broker's that no child can route to. What is
// called from here is not frozen with anybody; a call whose child is frozen meanwhile waits for it.
import { randomUUID } from "node:crypto";
import { E, type Either } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { FromDomain, SessionTarget, ToDomain } from "../core/link.ts";
import { parcelOf, valuesOf } from "../core/parcel.ts";
import { Remote, type Carrier } from "../core/remote.ts";
import { OUTSIDE } from "./party.ts";
import type { ServiceBroker } from "./service-broker.ts";

/** A session with a child's service. */
export interface OutsideSession {
  /** Calls a method. Arguments and result are plain values, bytes among them. */
  call(method: string, args: readonly unknown[]): Promise<Either<SessionError, unknown>>;
  /** Gives it up; calls without an answer are `Closed`. */
  close(): void;
}

/** Calls from outside carry none. */
const NO_CAPABILITIES: Carrier = { refusal: () => null, load: () => {}, unload: () => {} };

export class OutsideParty {
  readonly #broker: ServiceBroker;
  readonly #identity = `${OUTSIDE}${randomUUID()}`;
  readonly #remotes = new Map<string, Remote>();

  constructor(broker: ServiceBroker) {
    this.#broker = broker;
    // What the broker says in the middle of being told something is heard after that.
    broker.join("", this.#identity, (message) => queueMicrotask(() => this.#hear(message)));
    broker.settled(this.#identity);
  }

  /** Opens a session; waits for the child to announce the service as long as `patience` says. */
  async open(target: SessionTarget): Promise<Either<SessionError, OutsideSession>> {
    const { child, service, patience } = target;
    const [link, epoch] = [randomUUID(), randomUUID().slice(0, 8)];
    const power = { send: (message: FromDomain) => this.#say(message) };
    const remote = new Remote({ link, epoch, child, service, owner: "", patience }, power, NO_CAPABILITIES);
    this.#remotes.set(link, remote);
    const connected = remote.connected();
    this.#say({ kind: "connect", link, target });
    const error = await connected;
    if (error === null) return E.right(this.#session(remote));
    this.#remotes.delete(link);
    return E.left(error);
  }

  #session(remote: Remote): OutsideSession {
    const { service, link } = remote;
    return {
      call: async (method, args) => {
        const refused = remote.refusal(0, "");
        if (refused !== null) return E.left(refused);
        const reply = await remote.call(method, () => E.right(parcelOf(args)), "");
        if (E.isLeft(reply)) return reply;
        const { capabilities } = reply.right.parcel;
        for (const passed of capabilities) this.#say({ kind: "close", link: passed.link });
        if (capabilities.length === 0) return valuesOf(`${service}.${method}`, reply.right.parcel);
        const message = `${method} answered with a capability, which can't leave the host`;
        return E.left({ tag: "Failed", service, message });
      },
      close: () => {
        this.#remotes.delete(link);
        remote.receive({ kind: "closed", link, error: { tag: "Closed", what: service } });
        this.#say({ kind: "close", link });
      },
    };
  }

  #say(message: FromDomain): void {
    this.#broker.hear(this.#identity, message);
  }

  #hear(message: ToDomain): void {
    if (message.kind !== "connected" && message.kind !== "replied" && message.kind !== "closed") return;
    const taken = this.#remotes.get(message.link)?.receive(message);
    // A session that came when nobody waited for it any more.
    if (taken === undefined && message.kind === "connected" && message.error === null)
      this.#say({ kind: "close", link: message.link });
  }
}
