// Calls of capabilities that a domain has handed on: it makes them for whoever holds them, under its own routes and
// quota. What they carry goes by way of this domain, too.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import type { Sender } from "../core/link.ts";
import { parcelBytes, parcelOf, parcelWith, valuesOf, type Parcel } from "../core/parcel.ts";
import { remoteBehind } from "../core/remote-object.ts";
import type { Remote } from "../core/remote.ts";
import type { Answer } from "../core/service.ts";
import type { Waited } from "../intercept/interceptor.ts";
import type { Handover } from "./handover.ts";
import type { HeldLinks } from "./held-links.ts";
import type { PassedOn, ServedLink } from "./served-link.ts";
import type { ServiceWorld } from "./service-world.ts";

/** A call that is made for another. */
export interface RelayedCall {
  readonly served: ServedLink;
  readonly id: string;
  readonly key: number;
  readonly passedOn: PassedOn;
  readonly settle: (answer: Answer<Parcel>) => void;
  /** Whether anybody is there still to hear the answer. */
  readonly isWanted: () => boolean;
}

export class Relay {
  readonly #world: ServiceWorld;
  readonly #held: HeldLinks;
  readonly #handover: Handover;

  constructor(world: ServiceWorld, held: HeldLinks, handover: Handover) {
    this.#world = world;
    this.#held = held;
    this.#handover = handover;
  }

  /** Makes a call. `isAgain`: it was under way at a freeze. */
  call(call: RelayedCall, isAgain: boolean): void {
    const { served, key, settle, passedOn } = call;
    const { method, parcel, own, wall } = passedOn;
    const object = this.#world.object(served.selector!);
    const remote = remoteBehind(object);
    if (object === undefined) return this.#refuse(call, { tag: "Closed", what: "the capability" });
    if (remote !== undefined) return this.#far(call, remote);
    // Types of the library's own take no capabilities.
    this.#held.decline(parcel);
    const values = valuesOf(method, parcel);
    if (E.isLeft(values)) return settle(values);
    const waited: Waited = { own: this.#world.ownTime() - own, wall: this.#world.wallTime() - wall };
    this.#world.passOn(
      key,
      served.selector!,
      method,
      values.right,
      isAgain ? waited : null,
      () => this.#held.nextGiven++,
      (answer, fresh) => settle(this.#answer(answer, fresh, served.holder)),
    );
  }

  #refuse({ settle, passedOn }: RelayedCall, error: SessionError): void {
    this.#held.decline(passedOn.parcel);
    settle(E.left(error));
  }

  /** What is called is another child's. */
  #far(call: RelayedCall, remote: Remote): void {
    const { served, id, settle, isWanted } = call;
    const { method, parcel, from } = call.passedOn;
    const by = `${served.link}:${id}`;
    const refused = remote.refusal(parcelBytes(parcel), by);
    if (refused !== null) return this.#refuse(call, refused);
    const handed = (): Answer<Parcel> => this.#rehand(parcel, from, remote.owner, null);
    void remote.call(method, handed, by).then((reply) => {
      if (E.isLeft(reply)) settle(reply);
      else if (!isWanted()) this.#held.decline(reply.right.parcel);
      else settle(this.#rehand(reply.right.parcel, reply.right.from, served.holder, remote.patience));
    });
  }

  #answer(answer: Answer<unknown>, fresh: number, holder: string): Answer<Parcel> {
    if (E.isLeft(answer)) return answer;
    if (fresh === 0) return E.right(parcelOf(answer.right));
    return E.right(parcelWith(this.#handover.lend(fresh, holder)));
  }

  /** The same parcel for another receiver: the capabilities in it go by way of this domain. */
  #rehand(parcel: Parcel, from: Sender, receiver: string, patience: number | null): Answer<Parcel> {
    if (parcel.capabilities.length === 0) return E.right(parcel);
    const taken = this.#held.take(parcel.capabilities, from, patience);
    if (E.isLeft(taken)) return taken;
    const capabilities = taken.right.map((selector) => this.#handover.lend(selector, receiver));
    return E.right({ ...parcel, capabilities });
  }
}
