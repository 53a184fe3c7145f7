// The calls between the children of a host: each is kept until it is answered, said again to an owner that comes back,
// and waited for as long as its route says.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import type { ClockPower } from "../core/clock.ts";
import type { LinkCall, Sender } from "../core/link.ts";
import type { Parcel } from "../core/parcel.ts";
import type { Answer } from "../core/service.ts";
import type { DataspaceHomes } from "./dataspace-homes.ts";
import type { LinkEnds } from "./link-ends.ts";
import type { Link, LinkTable } from "./link-table.ts";
import type { Parties } from "./parties.ts";
import type { Party } from "./party.ts";

const NOBODY: Sender = { identity: "", child: "" };

/** Memory that two children share lies on one host. */
const hasMemory = ({ capabilities }: Parcel): boolean =>
  capabilities.some(({ dataspace }) => dataspace !== undefined);

const notFar = ({ child }: Link): SessionError => ({
  tag: "Denied",
  service: "Dataspace",
  label: "",
  reason: `a dataspace can't be handed on over a session with ${child} that is carried between two hosts`,
});

export class LinkCalls {
  readonly #parties: Parties;
  readonly #links: LinkTable;
  readonly #homes: DataspaceHomes;
  readonly #ends: LinkEnds;
  readonly #clock: Pick<ClockPower, "after">;

  constructor(
    parties: Parties,
    links: LinkTable,
    homes: DataspaceHomes,
    ends: LinkEnds,
    clock: Pick<ClockPower, "after">,
  ) {
    this.#parties = parties;
    this.#links = links;
    this.#homes = homes;
    this.#ends = ends;
    this.#clock = clock;
  }

  call(holder: Party, call: LinkCall): void {
    const link = this.#links.held(holder.identity, call.link);
    if (link === null) {
      const answer = E.left({ tag: "Closed", what: "the session" } as const);
      return holder.say({ kind: "replied", link: call.link, id: call.id, answer, from: NOBODY });
    }
    if (link.lapsed?.delete(call.id) === true)
      return this.#answer(link, call.id, { tag: "Interrupted", method: call.method });
    const owner = link.owner === null ? undefined : this.#parties.get(link.owner);
    if (owner?.far === true && hasMemory(call.parcel)) {
      this.#refuse(call.parcel, holder);
      return this.#answer(link, call.id, notFar(link));
    }
    if (owner !== undefined) this.#pass(call.parcel, holder, owner, null);
    if (!link.calls.has(call.id)) link.calls.set(call.id, { call, timer: null });
    // What it wrote before the call is there before the call.
    const isEarly = this.#homes.isReturning(holder.identity);
    if (owner?.state !== "live")
      this.#parties.wanted(link.owner === null ? { child: link.child } : { identity: link.owner });
    if (owner?.state !== "live" || !owner.settled || !link.open || isEarly) return this.wait(link);
    owner.say({ kind: "called", call, from: { identity: holder.identity, child: holder.child } });
  }

  /** Says again what has no answer. */
  flush(link: Link): void {
    const owner = this.#parties.live(link.owner);
    const holder = this.#parties.get(link.holder);
    if (owner === null || !owner.settled || holder === undefined || !link.open) return;
    if (this.#homes.isReturning(link.holder)) return;
    const from: Sender = { identity: holder.identity, child: holder.child };
    for (const waiting of [...link.calls.values()]) {
      waiting.timer?.();
      waiting.timer = null;
      if (owner.far && hasMemory(waiting.call.parcel)) {
        this.#answer(link, waiting.call.id, notFar(link));
        continue;
      }
      this.#pass(waiting.call.parcel, holder, owner, null);
      owner.say({ kind: "called", call: waiting.call, from });
    }
  }

  reply(owner: Party, name: string, id: string, answer: Answer<Parcel>): void {
    const link = this.#links.owned(owner.identity, name);
    const holder = link === null ? undefined : this.#parties.get(link.holder);
    if (link !== null && holder === undefined) this.#parties.wanted({ identity: link.holder });
    if (link === null || holder === undefined) {
      if (E.isRight(answer)) this.#refuse(answer.right, owner);
      return;
    }
    if (holder.far && E.isRight(answer) && hasMemory(answer.right)) {
      this.#refuse(answer.right, owner);
      return this.#answer(link, id, notFar(link));
    }
    this.#forget(link, id);
    if (E.isRight(answer)) this.#pass(answer.right, owner, holder, link.patience);
    const from: Sender = { identity: owner.identity, child: owner.child };
    this.#parties.tell(link.holder, { kind: "replied", link: name, id, answer, from });
  }

  /** What was called in a session that is gone may have run there: it is not run in the next one. */
  lapse(link: Link, waiting: readonly string[]): void {
    link.waits = null;
    link.lapsed = new Set(waiting);
    for (const { call } of [...link.calls.values()])
      if (link.lapsed.has(call.id)) this.#answer(link, call.id, { tag: "Interrupted", method: call.method });
  }

  /** A child that is not there is waited for as long as the route says: for the session, and for its calls. */
  wait(link: Link): void {
    const { patience, service, label } = link;
    if (patience === null) return;
    const error: SessionError = { tag: "Unavailable", service, label, waited: patience };
    if (link.connecting)
      link.timer ??= this.#clock.after(patience, () => {
        this.#ends.close(link);
        this.#ends.connected(link, error);
      });
    for (const [id, waiting] of link.calls)
      waiting.timer ??= this.#clock.after(patience, () => this.#answer(link, id, error));
  }

  /** Answers a call for an owner that does not. */
  #answer(link: Link, id: string, error: SessionError): void {
    this.#forget(link, id);
    const answer = E.left(error);
    this.#parties.tell(link.holder, { kind: "replied", link: link.link, id, answer, from: NOBODY });
  }

  #forget(link: Link, id: string): void {
    link.calls.get(id)?.timer?.();
    link.calls.delete(id);
  }

  /** Capabilities in a parcel become links between those who say it and those who hear it. `patience`: the
   *  receiver's, for who gave it to it. */
  #pass({ capabilities }: Parcel, owner: Party, holder: Party, patience: number | null): void {
    for (const { link, service, dataspace } of capabilities) {
      const known = this.#links.get(link);
      if (known?.holder === holder.identity) known.since = holder.incarnation;
      if (known !== undefined) continue;
      const ends = { holder: holder.identity, owner: owner.identity, child: owner.child };
      const made = { link, ...ends, session: null, service, label: "", patience };
      this.#links.add(made, holder.incarnation, { open: true, vouched: true });
      if (dataspace !== undefined) this.#homes.grant(link, dataspace.id, owner.identity, holder.identity);
    }
  }

  /** Nobody gets what a parcel carries. */
  #refuse({ capabilities }: Parcel, owner: Party): void {
    for (const { link } of capabilities)
      if (this.#links.get(link) === undefined) owner.say({ kind: "left", link });
  }
}
