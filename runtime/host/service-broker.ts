// Between the children of a host: who announced what, which links there are, and what was said to a child that is not
// there. It keeps each call until it is answered and says it again to an owner that comes back; holders do the rest.
import type { SessionError } from "../../lib/error.ts";
import { E } from "../../lib/fp.ts";
import { systemClock, type ClockPower } from "../core/clock.ts";
import type { FromDomain, LinkCall, OwnedLink, Sender, SessionTarget, ToDomain } from "../core/link.ts";
import type { Parcel } from "../core/parcel.ts";

/** How the identities of those begin who are no children: programs outside, which no route leads to. They have no name,
 *  and end with their process. */
export const OUTSIDE = "outside:";

/** How a child left: its image keeps what it held, or it is gone, or its revival came to nothing. */
export type Leaving = "frozen" | "ended" | "failed";

/** A child as the broker knows it, over all its incarnations. */
interface Party {
  readonly child: string;
  readonly identity: string;
  state: "live" | "frozen" | "ended";
  /** Says something to the incarnation that lives. */
  say: (message: ToDomain) => void;
  services: Set<string>;
  /** Counts its incarnations here. */
  incarnation: number;
  /** It was told that these links are gone while it was not there. */
  left: Set<string>;
  /** Its revival has succeeded, or it was started. */
  settled: boolean;
}

interface Waiting {
  readonly call: LinkCall;
  /** Takes back that it is waited for no longer than its route says. */
  patience: (() => void) | null;
}

interface Link {
  readonly link: string;
  /** Identities. The owner is not known while its name has not come up. */
  owner: string | null;
  readonly holder: string;
  /** Where it leads, for a session. */
  session: SessionTarget | null;
  readonly child: string;
  /** Its root has answered. */
  open: boolean;
  /** The holder waits to be told so. */
  connecting: boolean;
  patience: (() => void) | null;
  /** In which incarnation the holder came to hold it. */
  since: number;
  /** In which incarnation of the holder it was made. */
  readonly born: number;
  readonly calls: Map<string, Waiting>;
  /** What the holder said that it waits for, when the owner was not there. */
  waits: readonly string[] | null;
}

const noService = ({ service, label }: SessionTarget): SessionError => ({
  tag: "NoSuchService",
  service,
  label,
});

export class ServiceBroker {
  readonly #parties = new Map<string, Party>();
  /** The identity that a child's name stands for now. */
  readonly #names = new Map<string, string>();
  readonly #links = new Map<string, Link>();
  readonly #clock: Pick<ClockPower, "after">;

  constructor(clock: Pick<ClockPower, "after"> = systemClock) {
    this.#clock = clock;
  }

  /** A child is about to live. */
  join(child: string, identity: string, say: (message: ToDomain) => void): void {
    const known = this.#parties.get(identity);
    const party: Party = known ?? {
      child,
      identity,
      state: "live",
      say,
      services: new Set(),
      incarnation: 0,
      left: new Set(),
      settled: false,
    };
    party.say = say;
    party.state = "live";
    party.settled = false;
    party.incarnation++;
    party.services = new Set();
    this.#parties.set(identity, party);
    if (child !== "") this.#names.set(child, identity);
  }

  /** A child has begun: what it does not hold any more is closed. */
  settled(identity: string): void {
    const party = this.#parties.get(identity);
    if (party === undefined) return;
    party.settled = true;
    for (const link of [...this.#links.values()]) {
      if (link.holder === identity && link.since !== party.incarnation) this.#close(link);
      else if (link.owner === null && link.child === party.child) this.#seek(link);
    }
  }

  /** A child is no longer there. */
  leave(identity: string, how: Leaving): void {
    const party = this.#parties.get(identity);
    if (party === undefined || party.state !== "live") return;
    party.state = how === "ended" ? "ended" : "frozen";
    for (const link of [...this.#links.values()]) {
      if (link.holder === identity) {
        // A session that a failed revival was given is given back; a delegation is its owner's to keep.
        const failed = how === "failed" && link.born === party.incarnation;
        if (failed && (link.session === null || link.owner === null)) this.#drop(link);
        else if (failed || how === "ended") this.#close(link);
      } else if (link.owner === identity || (link.owner === null && link.child === party.child)) {
        if (how === "ended") this.#gone(link);
        else this.#impatient(link);
      }
    }
  }

  /** The services that a child has announced. */
  announced(child: string): readonly string[] {
    return [...(this.#named(child)?.services ?? [])];
  }

  // --- what children say

  hear(identity: string, message: FromDomain): void {
    const party = this.#parties.get(identity);
    if (party === undefined || party.state !== "live") return;
    switch (message.kind) {
      case "announce":
        party.services.add(message.service);
        for (const link of this.#links.values())
          if (link.child === party.child && !link.open) this.#seek(link);
        return;
      case "serving":
        return this.#serving(party, message.services, message.links);
      case "connect":
        return this.#connect(party, message.link, message.target);
      case "attach":
        return this.#attach(party, message);
      case "call":
        return this.#call(party, message);
      case "received": {
        const link = this.#links.get(message.link);
        if (link?.holder === identity) this.#live(link.owner)?.say(message);
        return;
      }
      case "close": {
        const link = this.#links.get(message.link);
        if (link !== undefined && link.holder === identity) this.#close(link);
        return;
      }
      case "opened":
        return this.#opened(party, message.link, message.error);
      case "reply": {
        const link = this.#links.get(message.link);
        if (link === undefined || link.owner !== identity) return;
        this.#answered(link, message.id);
        if (E.isRight(message.answer)) this.#pass(message.answer.right, identity, link.holder);
        const from: Sender = { identity, child: party.child };
        this.#tell(link.holder, {
          kind: "replied",
          link: link.link,
          id: message.id,
          answer: message.answer,
          from,
        });
        return;
      }
      case "held": {
        const link = this.#links.get(message.link);
        if (link?.owner !== identity) party.say({ kind: "left", link: message.link });
        return;
      }
      case "revoke": {
        const link = this.#links.get(message.link);
        if (link === undefined || link.owner !== identity) return;
        this.#drop(link);
        const error: SessionError = { tag: "Closed", what: "the capability" };
        this.#tell(link.holder, { kind: "closed", link: link.link, error });
        return;
      }
    }
  }

  #tell(identity: string, message: ToDomain): void {
    const party = this.#parties.get(identity);
    if (party?.state === "live") party.say(message);
  }

  #live(identity: string | null): Party | null {
    const party = identity === null ? undefined : this.#parties.get(identity);
    return party?.state === "live" ? party : null;
  }

  /** The party that a name stands for. */
  #named(child: string): Party | null {
    const identity = this.#names.get(child);
    return identity === undefined ? null : (this.#parties.get(identity) ?? null);
  }

  // --- sessions

  #make(
    holder: Party,
    link: string,
    session: SessionTarget | null,
    child: string,
    owner: string | null,
  ): Link {
    const made: Link = {
      link,
      owner,
      holder: holder.identity,
      session,
      child,
      open: false,
      connecting: false,
      patience: null,
      since: holder.incarnation,
      born: holder.incarnation,
      calls: new Map(),
      waits: null,
    };
    this.#links.set(link, made);
    return made;
  }

  #connect(holder: Party, link: string, target: SessionTarget): void {
    const known = this.#links.get(link);
    if (known !== undefined && known.holder !== holder.identity) return;
    // It may have been asked for before a freeze of the holder, and be there by now.
    const made = known ?? this.#make(holder, link, target, target.child, null);
    made.since = holder.incarnation;
    made.session = target;
    made.connecting = true;
    if (made.open) this.#connected(made, null);
    else this.#seek(made);
  }

  /** Opens a session as soon as its child has announced the service. */
  #seek(link: Link): void {
    const { session } = link;
    if (session === null || link.open || link.owner !== null) return;
    const party = this.#named(link.child);
    if (party?.state === "ended") return this.#gone(link);
    if (party?.state === "live" && party.settled && party.services.has(session.service)) {
      link.patience?.();
      link.patience = null;
      link.owner = party.identity;
      const { service, label, args } = session;
      const client = this.#parties.get(link.holder)?.child ?? "";
      party.say({ kind: "open", link: link.link, holder: link.holder, client, service, label, args });
      return;
    }
    const { patience } = session;
    if (patience === null || link.patience !== null || !link.connecting) return;
    link.patience = this.#clock.after(patience, () => {
      const { service, label } = session;
      this.#drop(link);
      this.#connected(link, { tag: "Unavailable", service, label, waited: patience });
    });
  }

  #connected(link: Link, error: SessionError | null, renewed = false): void {
    link.connecting = false;
    const owner = link.owner ?? "";
    this.#tell(link.holder, { kind: "connected", link: link.link, owner, error, renewed });
  }

  #opened(owner: Party, name: string, error: SessionError | null): void {
    const link = this.#links.get(name);
    if (link === undefined || link.owner !== owner.identity || link.open) return;
    if (error !== null) {
      this.#drop(link);
      if (link.connecting) return this.#connected(link, error);
      return this.#tell(link.holder, { kind: "closed", link: link.link, error });
    }
    link.open = true;
    this.#connected(link, null, !link.connecting);
    this.#flush(link);
  }

  // --- those who come back

  #serving(party: Party, services: readonly string[], owned: readonly OwnedLink[]): void {
    for (const service of services) party.services.add(service);
    const left = party.left;
    party.left = new Set();
    const known = new Map(owned.map((each) => [each.link, each]));
    for (const each of owned) {
      const link = this.#links.get(each.link);
      const holder = this.#parties.get(each.holder);
      // A holder that lives, and did not say that it holds it, does not; nor does one outside that has gone.
      const lost =
        link === undefined &&
        (holder === undefined
          ? each.holder.startsWith(OUTSIDE)
          : holder.state !== "frozen" && holder.settled);
      const another =
        link !== undefined &&
        (link.holder !== each.holder || (link.owner ?? party.identity) !== party.identity);
      if (left.has(each.link) || lost || another) {
        party.say({ kind: "left", link: each.link });
        continue;
      }
      if (link === undefined) {
        this.#expect(each, party);
        continue;
      }
      link.owner = party.identity;
      link.open = each.open;
      if (link.waits !== null) party.say({ kind: "waits", link: link.link, waiting: link.waits });
      link.waits = null;
      if (link.connecting && link.open) this.#connected(link, null);
      this.#flush(link);
    }
    for (const link of [...this.#links.values()]) {
      if (link.owner !== party.identity && !(link.owner === null && link.child === party.child)) continue;
      if (known.has(link.link)) continue;
      link.owner = null;
      link.open = false;
      if (link.session === null || !link.connecting) this.#lost(link);
      else this.#seek(link);
    }
  }

  /** An owner came up before the holder did. */
  #expect({ link, holder, open }: OwnedLink, owner: Party): void {
    this.#links.set(link, {
      ...{ link, holder, open, owner: owner.identity, child: owner.child, session: null, connecting: false },
      ...{ patience: null, since: 0, born: 0, calls: new Map<string, Waiting>(), waits: null },
    });
  }

  /** The owner came back without it. */
  #lost(link: Link): void {
    if (link.session !== null && link.waits !== null) {
      link.waits = null;
      return this.#seek(link);
    }
    this.#drop(link);
    this.#tell(link.holder, {
      kind: "closed",
      link: link.link,
      error: { tag: "Closed", what: this.#whatOf(link) },
    });
  }

  #whatOf({ session, child }: Link): string {
    return session === null ? `the capability from ${child}` : session.service;
  }

  #attach(
    holder: Party,
    { link: name, session, delegated, waiting }: Extract<FromDomain, { readonly kind: "attach" }>,
  ): void {
    const known = this.#links.get(name);
    const child = session?.child ?? delegated?.child ?? "";
    const connected = (owner: string | null, error: SessionError | null, renewed: boolean): void =>
      holder.say({ kind: "connected", link: name, owner: owner ?? "", error, renewed });
    if (known !== undefined && known.holder === holder.identity && known.child === child) {
      known.since = holder.incarnation;
      known.session = session;
      const owner = this.#live(known.owner);
      if (owner === null) known.waits = waiting;
      else owner.say({ kind: "waits", link: name, waiting });
      return connected(known.owner, null, false);
    }
    const party = delegated === null ? this.#named(child) : (this.#parties.get(delegated.owner) ?? null);
    const gone = party !== null && party.state === "ended";
    if (session !== null) {
      if (gone) return connected(null, noService(session), false);
      const made = this.#make(holder, name, session, child, null);
      made.waits = waiting;
      if (party === null || party.state === "frozen" || !party.settled) return connected(null, null, false);
      made.waits = null;
      connected(null, null, true);
      return this.#seek(made);
    }
    // A child that has not come up yet may still own it.
    if (party === null || (party.state === "live" && !party.settled)) {
      const made = this.#make(holder, name, null, child, delegated!.owner);
      made.waits = waiting;
      return connected(made.owner, null, false);
    }
    const reason = gone ? `${child}, which handed it over, has ended` : `${child} has taken it back`;
    connected(null, { tag: "Denied", service: delegated!.service, label: "", reason }, false);
  }

  // --- calls

  #call(holder: Party, call: LinkCall): void {
    const link = this.#links.get(call.link);
    if (link === undefined || link.holder !== holder.identity) {
      const error: SessionError = { tag: "Closed", what: "the session" };
      const from: Sender = { identity: "", child: "" };
      return holder.say({ kind: "replied", link: call.link, id: call.id, answer: E.left(error), from });
    }
    if (link.owner !== null) this.#pass(call.parcel, holder.identity, link.owner);
    const known = link.calls.get(call.id);
    if (known === undefined) link.calls.set(call.id, { call, patience: null });
    const owner = this.#live(link.owner);
    if (owner === null || !owner.settled || !link.open) return this.#impatient(link);
    owner.say({ kind: "called", call, from: { identity: holder.identity, child: holder.child } });
  }

  /** Says again what has no answer. */
  #flush(link: Link): void {
    const owner = this.#live(link.owner);
    const holder = this.#parties.get(link.holder);
    if (owner === null || holder === undefined || !link.open) return;
    const from: Sender = { identity: holder.identity, child: holder.child };
    for (const waiting of link.calls.values()) {
      waiting.patience?.();
      waiting.patience = null;
      this.#pass(waiting.call.parcel, holder.identity, owner.identity);
      owner.say({ kind: "called", call: waiting.call, from });
    }
  }

  #answered(link: Link, id: string): void {
    const waiting = link.calls.get(id);
    waiting?.patience?.();
    link.calls.delete(id);
  }

  /** Calls that wait for a child that is not there do so as long as their route says. */
  #impatient(link: Link): void {
    const patience = link.session?.patience ?? null;
    if (link.session === null || patience === null) return;
    const { service, label } = link.session;
    for (const [id, waiting] of link.calls)
      waiting.patience ??= this.#clock.after(patience, () => {
        link.calls.delete(id);
        const error: SessionError = { tag: "Unavailable", service, label, waited: patience };
        const from: Sender = { identity: "", child: "" };
        this.#tell(link.holder, { kind: "replied", link: link.link, id, answer: E.left(error), from });
      });
  }

  /** Capabilities in a parcel become links between those who say it and those who hear it. */
  #pass({ capabilities }: Parcel, owner: string, holder: string): void {
    const sender = this.#parties.get(owner);
    const receiver = this.#parties.get(holder);
    if (sender === undefined || receiver === undefined) return;
    for (const { link } of capabilities) {
      const known = this.#links.get(link);
      if (known?.holder === holder) known.since = receiver.incarnation;
      if (known !== undefined) continue;
      const made = this.#make(receiver, link, null, sender.child, owner);
      made.open = true;
    }
  }

  // --- ends

  #drop(link: Link): void {
    this.#links.delete(link.link);
    link.patience?.();
    for (const { patience } of link.calls.values()) patience?.();
    link.calls.clear();
  }

  /** The holder has let go of it. */
  #close(link: Link): void {
    this.#drop(link);
    const owner = link.owner === null ? undefined : this.#parties.get(link.owner);
    if (owner === undefined || owner.state === "ended") return;
    if (owner.state === "live" && owner.settled) owner.say({ kind: "left", link: link.link });
    else owner.left.add(link.link);
  }

  /** The owner has ended. */
  #gone(link: Link): void {
    this.#drop(link);
    if (link.connecting && link.session !== null) return this.#connected(link, noService(link.session));
    const error: SessionError = { tag: "Closed", what: `${this.#whatOf(link)}, whose child has ended,` };
    this.#tell(link.holder, { kind: "closed", link: link.link, error });
  }

  /** Nobody waits any more. */
  close(): void {
    for (const link of [...this.#links.values()]) this.#drop(link);
  }
}
