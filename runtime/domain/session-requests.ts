// How a protection domain comes by its sessions: by the routes of today, from its host or from another child; those
// that it asks for as well as those of its past.
import { E } from "../../lib/fp.ts";
import type { SessionError } from "../../lib/error.ts";
import type { InFlight } from "../../lib/contract.ts";
import { Parent, type SessionRequest } from "../../lib/session/parent.ts";
import type { Clock } from "../core/clock.ts";
import type { SessionTarget } from "../core/link.ts";
import { RemotePosition } from "../core/remote.ts";
import type { CoreObject, Eventually } from "../core/service.ts";
import { inflate } from "../deflate.ts";
import type { RecordOf } from "../intercept/ledger.ts";
import type { DomainSpec } from "./domain-powers.ts";
import type { HeldLinks, RestoredDataspace } from "./held-links.ts";
import type { Router } from "./router.ts";

const notDeclared = (service: string, label: string): SessionError => ({
  tag: "Denied",
  service,
  label,
  reason: "the host serves this type, not a declaration of the component's own",
});

/** The dataspace that a delegation leads to, if it leads to one. */
const restoredDataspace = (
  { dataspace }: RemotePosition,
  bytes: number,
): RestoredDataspace | "malformed" | null => {
  if (dataspace === undefined) return null;
  const { id, copy } = dataspace;
  const name = { id, bytes };
  if (copy === null) return { name, copy: null };
  const { place, deflated } = copy;
  const content = deflated === null ? new Uint8Array(bytes) : inflate(deflated, bytes);
  return content === null ? "malformed" : { name, copy: { place, content } };
};

export class SessionRequests {
  readonly #clone: DomainSpec["clone"];
  readonly #router: Router;
  readonly #held: HeldLinks;
  readonly #clock: () => Clock;

  /** `clock`: the domain's, which becomes another one when it is given a past. */
  constructor({ clone }: DomainSpec, router: Router, held: HeldLinks, clock: () => Clock) {
    this.#clone = clone;
    this.#router = router;
    this.#held = held;
    this.#clock = clock;
  }

  /** Opens a session that the component asks for. */
  open({ service, label, args = {}, declared }: SessionRequest): Eventually<CoreObject> {
    const target = this.#target(service, label, JSON.stringify(args));
    if (target !== null) return this.#held.connect(target, declared !== true);
    if (declared === true) return E.left(this.#router.refusal(service, label) ?? notDeclared(service, label));
    return this.#router.open(service, label, args, null, this.#clock());
  }

  /** What becomes of a request that is in flight at a freeze. */
  inFlight({ service, label }: SessionRequest): InFlight {
    return this.#target(service, label, "") === null ? Parent.methods.session.inFlight : "reissue";
  }

  /** Opens a session of the past again. */
  reopen(record: RecordOf<"session">, position: unknown): Eventually<CoreObject> {
    const { service, label, args } = record;
    const declared = record.declared === true;
    const target = this.#target(service, label, args);
    if (target !== null) {
      if (!RemotePosition.is(position)) return this.#held.connect(target, !declared);
      const isGone = !this.#goesOn(position, target.child);
      return this.#held.reattach(position, target, service, !declared, isGone);
    }
    if (declared) return E.left(notDeclared(service, label));
    return this.#router.open(service, label, JSON.parse(args) as unknown, position, this.#clock());
  }

  /** Takes up again what another child handed over. */
  retake({ service, native, bytes = 0 }: RecordOf<"delegated">, position: unknown): Eventually<CoreObject> {
    const remote = position as RemotePosition;
    const dataspace = restoredDataspace(remote, bytes);
    if (dataspace === "malformed")
      return E.left({
        tag: "InvalidArgument",
        method: "revive",
        place: "a dataspace's content",
        expected: `${bytes} bytes, deflated`,
        actual: "something else",
      });
    const isGone = !this.#goesOn(remote, remote.child);
    return this.#held.reattach(remote, null, service, native, isGone, dataspace);
  }

  /** Whether another child is the one of that identity that it knew: to a clone, only those cloned with it are. */
  isKin(identity: string): boolean {
    return this.#clone === undefined || this.#clone.kin.includes(identity);
  }

  /** Whether a link of the past leads on, to a child of this name. A clone's routes may lead elsewhere. */
  #goesOn({ owner, child }: RemotePosition, to: string): boolean {
    return this.#clone === undefined || (this.isKin(owner) && child === to);
  }

  /** The child that a route leads to; null where it leads to the host, or there is none. */
  #target(service: string, label: string, args: string): SessionTarget | null {
    const route = this.#router.child?.(service, label) ?? null;
    return route === null ? null : { ...route, service, label, args };
  }
}
